// What the hub says that would come of a decision, before it is made.
import { html, useEffect, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { differing } from "../lib/differing.js";
import { rehearse } from "../lib/edits.js";
import { many, sentence } from "../lib/words.js";
import { Differences } from "./history.js";
import { At, Named, Place, naming } from "./named.js";
import { Problem, Waiting } from "./parts.js";

const PAUSE = 150; // milliseconds after which somebody who types wants to see what comes of it

// { answer, error, before }: of `step` (null for none) upon what stands at `seq`. Both are null until the hub has
// answered; `before` is what it said last.
export function useRehearsal(step, seq) {
  const [heard, setHeard] = useState({});
  const text = step && JSON.stringify(step);
  const asked = `${text} ${seq} ${app.status.name}`;
  useEffect(() => {
    if (!text) return undefined;
    let over = false;
    const tell = (found) => over || setHeard({ asked, ...found });
    const timer = setTimeout(() => rehearse(step).then((answer) => tell({ answer }), (error) => tell({ error })), PAUSE);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [asked]);
  const fresh = text !== null && heard.asked === asked;
  return { answer: (fresh && heard.answer) || null, error: (fresh && heard.error) || null, before: heard.answer ?? null };
}

export const stands = (answer) => Boolean(answer) && answer.outcome !== "rejected";

// What would stand, value by value.
export function Result({ entities, world, leftOut = 0 }) {
  const differences = differing(world.entities, entities);
  return html`<div class="result">
    ${differences.length ? html`<${Differences} of=${differences} names=${naming(world, entities)} />` : html`<p class="none">No value changes: what stands stays.</p>`}
    ${leftOut > 0 && html`<p class="types">and more of ${many(leftOut, "entity", "entities")}, too much to show</p>`}
  </div>`;
}

export const Unforeseen = ({ error }) => html`<${Problem}>${error.code === "offline"
  ? "The preview needs the hub, which cannot be reached now. What you chose stays on this page." : sentence(error.message)}<//>`;

// `said` is what is shown above what would stand, where the hub would take it. While it is asked anew, what it said
// before stays, dimmed.
export function Foreseen({ rehearsal: { answer, error, before }, world, said }) {
  if (error) return html`<${Unforeseen} error=${error} />`;
  if (!answer && !before) return html`<${Waiting}>Asking the hub what would come of it<//>`;
  return html`<div class=${answer ? "rehearsed" : "rehearsed asking"} aria-busy=${!answer}><${Fate} of=${answer ?? before} world=${world} said=${said} /></div>`;
}

function Fate({ of: answer, world, said }) {
  const named = (ids) => ids.map((id, i) => html`${i > 0 && ", "}<${Named} id=${id} world=${world} />`);
  if (answer.outcome === "rejected") return html`<${Problem}>${sentence(answer.sentence)}<//>`;
  if (answer.outcome === "conflict") {
    return html`<div class="note" role="status"><p>This would itself be in conflict: others changed the same meanwhile.</p>
      <ul>${answer.overlaps.map((o) => html`<li><${Named} id=${o.entity} world=${world} /> <${Place} path=${o.path} world=${world} />
        is now <${At} path=${o.path} value=${o.theirs} world=${world} /></li>`)}</ul></div>`;
  }
  return html`<p role="status">${answer.outcome === "requested"
      ? html`It changes what is protected${answer.protected?.length > 0 && html` (${named(answer.protected)})`}: it becomes a change request, which another person must approve.`
      : said}</p>
    <${Result} entities=${answer.entities} world=${world} leftOut=${answer.left_out} />`;
}
