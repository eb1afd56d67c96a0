// What would become of a change, in words.
import { html } from "../lib/html.js";
import { app } from "../lib/app.js";
import { segments } from "../lib/paths.js";
import { Value } from "../views/parts.js";

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
  return html`<ul class="overlaps">${overlaps.map((overlap, i) => html`<li key=${i}>
    <span class="path">${pathOf(overlap)}</span> <del class="was"><${Value} of=${named(overlap.theirs)} /></del>
    <span class="muted">${authorOf(overlap)} in #${overlap.seq};</span> yours: <ins class="now"><${Value} of=${named(overlap.ours)} /></ins></li>`)}</ul>`;
}

const authorOf = ({ author, seq }) => {
  const name = author || app.commits.of(seq)?.author;
  return name ? ` by ${name}` : "";
};

const pathOf = ({ kind, path }) => (kind === "name" ? "name" : segments(path).join(" › ") || "all of it");

// Ids by their names; a whole entity by its own.
const named = (value) =>
  (typeof value === "string" && app.live?.entities.get(value)?.name) || (Array.isArray(value) ? value.map(named) : value);
