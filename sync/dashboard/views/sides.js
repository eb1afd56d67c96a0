// What stood before, what others made of it and what was proposed, beside each other.
import { html } from "../lib/html.js";
import { same } from "../lib/differing.js";
import { definition } from "../lib/holdings.js";
import { valueAt, written } from "../lib/paths.js";
import { many } from "../lib/words.js";
import { At, Named, Place } from "./named.js";
import { Who } from "./parts.js";

// Of a question: [[path, value]] of each side, and what is said where there is no value.
export function sidesOf({ shape, entity, overlaps, wish }, world) {
  const first = overlaps[0], last = overlaps.at(-1);
  if (shape === "name") {
    const there = world.entities.get(entity);
    const none = { base: "nothing had this name", theirs: there ? "nothing but its name" : "deleted since", ours: "nothing but its name" };
    return { none, base: [], theirs: there ? definition(there) : [], ours: wish?.writes ?? [] };
  }
  if (shape === "delete") {
    const rows = (side) => overlaps.map((o) => [o.path, o[side]]);
    return { base: rows("before"), theirs: rows("theirs"), ours: [], none: { ours: "deleted" } };
  }
  const none = shape === "gone" ? { theirs: "deleted" } : {};
  return { none, alone: true, base: [[first.path, first.before]], theirs: [[last.path, last.theirs]], ours: overlaps.map((o) => [o.path, o.ours]) };
}

// Values of one side; without their paths where it is `alone`.
export const Side = ({ rows, alone, none = "nothing", world }) => {
  if (!rows.length) return html`<p><span class="none">${none}</span></p>`;
  if (alone) return rows.map(([path, value], i) => html`<p key=${i}><${At} path=${path} value=${value} world=${world} none=${none} /></p>`);
  return html`<ul class="differences">${rows.map(([path, value], i) => html`<li key=${i}><${Place} path=${path} world=${world} />
    <${At} path=${path} value=${value} world=${world} none=${none} /></li>`)}</ul>`;
};

// Who wrote what stands, in which commit; and what stands by now, where that is something else.
export function Theirs({ question, overlap, world }) {
  const { shape, path } = question;
  const entity = world.entities.get(question.entity);
  const now = entity && path && shape === "value" ? valueAt(entity, path) : undefined;
  const later = entity && shape === "value" && !same(now, overlap.theirs);
  return html`<p class="by">by <span class="author">${overlap.author || "others"}</span> in #${overlap.seq}</p>
    ${later && html`<p class="note">Now it is <${At} path=${path} value=${now} world=${world} />, by <${Who} stamp=${written(entity, path)} />: that is what stays.</p>`}`;
}

export const Ours = ({ held }) => {
  const authors = [...new Set(held.map(({ author }) => author))];
  return html`<p class="by">by <span class="author">${authors.join(", ")}</span>${held.length > 1 && `, in ${many(held.length, "step")}`}</p>`;
};

// What is in the way, though nothing is asked about it by itself.
export const Told = ({ of: { overlaps: [found] }, world }) => {
  const who = html`<span class="author">${found.author || "Somebody"}</span>`, where = html`<${Named} id=${found.entity} world=${world} />`;
  if (found.path === "/choice") return html`<p>${who} decided ${where} otherwise in #${found.seq}: <b>${String(found.theirs)}</b>.</p>`;
  if (found.theirs === undefined) return html`<p>${who} deleted ${where} in #${found.seq}, and it is used in what was proposed.</p>`;
  return html`<p>${who} changed ${where} in #${found.seq}: <${Place} path=${found.path} world=${world} /> is now <${At} path=${found.path} value=${found.theirs} world=${world} />.</p>`;
};
