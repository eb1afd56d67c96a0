// What would become of a change, in words.
import { html } from "../lib/html.js";
import { app } from "../lib/app.js";
import { isMap } from "../lib/exact.js";
import { At, Place } from "../views/named.js";

const SAYS = {
  accepted: "Nothing stands against it.",
  merged: "It goes beside what others changed meanwhile.",
  converged: "Others said the same meanwhile.",
  conflict: "It would be in conflict with what others wrote meanwhile. Saved, it is kept, and the team decides:",
  requested: "What is protected is changed only with another person's approval: this asks for it.",
};

export const says = ({ outcome, sentence }) => SAYS[outcome] ?? `It would be refused: ${sentence}`;

// Where a change and what others wrote cannot both stand.
export function Overlaps({ of: { overlaps = [] } }) {
  if (!overlaps.length) return null;
  const world = app.live;
  return html`<ul class="overlaps">${overlaps.map((overlap, i) => html`<li key=${i}>
    ${overlap.kind === "name" ? html`<span class="path">name</span>` : html`<${Place} path=${overlap.path} world=${world} />`}
    ${" "}<del class="was"><${At} path=${overlap.path} value=${valueOf(overlap.theirs)} world=${world} /></del>
    <span class="muted">${authorOf(overlap)} in #${overlap.seq};</span> yours: <ins class="now"><${At} path=${overlap.path} value=${valueOf(overlap.ours)} world=${world} /></ins></li>`)}</ul>`;
}

// A whole entity by its name.
const valueOf = (value) => (isMap(value) && typeof value.name === "string" ? value.name : value);

const authorOf = ({ author, seq }) => {
  const name = author || app.commits.of(seq)?.author;
  return name ? ` by ${name}` : "";
};
