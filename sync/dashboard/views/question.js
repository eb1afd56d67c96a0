// One place of a conflict: base, theirs and ours beside each other, and the choice between them.
import { html } from "../lib/html.js";
import { EDIT, OURS, THEIRS } from "../lib/questions.js";
import { Named, Place } from "./named.js";
import { Ours, Side, Theirs, Told, sidesOf } from "./sides.js";
import { Typed } from "./typed.js";

const WORDS = {
  value: { theirs: "Theirs, which stands", ours: "Ours, as proposed", edit: "Another value" },
  gone: { theirs: "Theirs: it stays deleted", ours: "Ours: it comes back", edit: "It comes back, with another value" },
  delete: { theirs: "Theirs: it stays, as they changed it", ours: "Ours: it is deleted" },
  name: { theirs: "Theirs keeps the name, and stands", ours: "Theirs becomes what ours says", edit: "Both stand: another name for ours" },
  rename: { theirs: "Theirs keeps the name, and ours its old one", ours: "Ours, which was to have it", edit: "Both stand: another name for ours" },
};

// Without `onAnswer`, there is nothing to choose any more.
export function Question({ n, question, conflict, world, answer, onAnswer }) {
  const { shape, entity, path, overlaps, options, wish } = question;
  const head = html`<${Named} id=${entity} world=${world} wish=${wish} /> ${shape !== "delete" && html`<${Place} path=${path} world=${world} />`}`;
  if (shape === "told") return html`<div class="question"><${Told} of=${question} world=${world} /></div>`;
  const sides = sidesOf(question, world);
  const side = (name) => html`<${Side} rows=${sides[name]} alone=${sides.alone} none=${sides.none[name]} world=${world} />`;
  const renamed = wish?.verb === "Renamed";
  const words = WORDS[renamed ? "rename" : shape];
  const choice = (name, inside) => {
    const about = `side-${n}-${name}`;
    const body = html`<div class="column-body" id=${onAnswer ? about : undefined}>${inside}</div>`;
    const title = name === THEIRS ? words.theirs : words.ours;
    if (!onAnswer || !options.includes(name)) return html`<div class="column"><h3>${onAnswer ? title : name === THEIRS ? "Theirs" : "Ours"}</h3>${body}</div>`;
    return html`<div class=${answer?.side === name ? "column chosen" : "column"}>
      <label><input type="radio" name=${question.key} value=${name} aria-describedby=${about} checked=${answer?.side === name} onChange=${() => onAnswer({ ...answer, side: name })} /> ${title}</label>
      ${body}</div>`;
  };
  return html`<fieldset class="question"><legend>${head}</legend>
    <div class="sides">
      <div class="column base"><h3>Base</h3><div class="column-body">${side("base")}</div></div>
      ${choice(THEIRS, html`${side("theirs")}<${Theirs} question=${question} overlap=${overlaps.at(-1)} world=${world} />`)}
      ${choice(OURS, html`${renamed ? html`<p><${Named} id=${wish.entity} world=${world} /></p>` : side("ours")}<${Ours} held=${conflict.held} />`)}
    </div>
    ${onAnswer && options.includes(EDIT) && html`<div class=${answer?.side === EDIT ? "typed chosen" : "typed"}>
      <label><input type="radio" name=${question.key} value=${EDIT} checked=${answer?.side === EDIT} onChange=${() => onAnswer({ ...answer, side: EDIT })} /> ${words.edit}</label>
      ${answer?.side === EDIT && html`<${Typed} question=${question} world=${world} typed=${answer.typed}
        onTyped=${(value, typed) => onAnswer({ side: EDIT, value, typed })} />`}
    </div>`}
  </fieldset>`;
}
