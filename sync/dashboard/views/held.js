// Proposals that a conflict or a change request holds, and what they want.
import { html } from "../lib/html.js";
import { when } from "../lib/words.js";
import { At, Named, Place, naming } from "./named.js";
import { Time } from "./parts.js";

export const Said = ({ of: { message } }) => (message ? html`<q class="message">${message}</q>` : html`<span class="none">no message</span>`);

// Who proposed what, when, and upon what.
export const Held = ({ holding, says }) => html`<ul class="held">${holding.held.map(({ author, proposal }) => html`<li key=${proposal.id}>
  <span class="author">${author}</span> ${says}
  <${Said} of=${proposal} />
  <span class="facts"><span title=${`by its author's clock, ${when(proposal.time)}`}><${Time} of=${proposal.time} /></span> on top of #${proposal.base}</span>
</li>`)}</ul>`;

const VERBS = { Registered: ["+", "register"], Created: ["+", "create"], Deleted: ["−", "delete"], Renamed: ["~", "rename"], Updated: ["~", "change"], Resolved: ["~", "resolve"] };
const KINDS = { "+": "add", "−": "remove", "~": "edit" };

// What they would write, entity by entity, as their authors wrote it.
export function Wishes({ of, world }) {
  const names = naming(world, Object.fromEntries(of.filter((wish) => wish.name).map((wish) => [wish.entity, wish])));
  return of.map((wish, i) => html`<${Wish} key=${i} of=${wish} world=${world} names=${names} />`);
}

function Wish({ of: wish, world, names }) {
  const [sign, verb] = VERBS[wish.verb] ?? ["~", wish.verb];
  return html`<div class="group">
    <div class="what"><span class=${`sign sign-${KINDS[sign]}`} aria-hidden="true">${sign}</span> ${verb}${" "}
      <${Named} id=${wish.entity} world=${world} wish=${wish} /></div>
    ${wish.writes.length > 0 && html`<ul class="differences">${wish.writes.map(([path, value]) => html`<li key=${path}>
      <${Place} path=${path} world=${names} />
      ${value === undefined ? html`<del class="was">taken away</del>` : html`<ins class="now"><${At} path=${path} value=${value} world=${names} /></ins>`}</li>`)}</ul>`}
  </div>`;
}
