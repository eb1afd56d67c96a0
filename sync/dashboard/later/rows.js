// Keys and values that no schema knows: labels, and what a flavor says nothing of.
import { html } from "../lib/html.js";
import { Choose, Field, Remove, Text } from "./inputs.js";
import { READINGS } from "./typing.js";

const READ = Object.entries(READINGS);
const FLAG = [["true"], ["false"]];

// `rows` of the form with their places in it: [place, row]; `told(place, row)` gives what a field says beside it.
export function Rows({ field, one, rows, set, add, told, plain }) {
  return html`<div class="rows">
    ${rows.map(([place, row]) => html`<${Row} key=${place} id=${`${field}-${place}`} row=${row} one=${one} plain=${plain}
      set=${(patch) => set(place, patch)} remove=${() => set(place, null)} ...${told(place, row)} />`)}
    <button type="button" class="quiet add" onClick=${add}>+ Add a ${one}</button>
  </div>`;
}

function Row({ id, row, one, plain, set, remove, fault, odd, news }) {
  const named = row.key || `new ${one}`;
  return html`<div class="row">
    <input type="text" class="key-input" aria-label=${`Key of ${named}`} value=${row.key} placeholder="key" autocomplete="off" spellcheck=${false}
      onInput=${(e) => set({ key: e.currentTarget.value })} />
    <${Field} id=${id} label=${`Value of ${named}`} hidden fault=${fault} odd=${odd} news=${news} control=${(props) => html`
      ${row.reading === "nothing" ? html`<span class="none" ...${props}>null</span>`
        : row.reading === "flag" ? html`<${Choose} ...${props} value=${row.text} set=${(text) => set({ text })} options=${FLAG} />`
        : html`<${Text} ...${props} value=${row.text} set=${(text) => set({ text })} placeholder="value" long=${row.reading === "yaml"} mono />`}`} />
    ${!plain && html`<${Choose} aria-label=${`Kind of ${named}`} value=${row.reading} options=${READ}
      set=${(reading) => set({ reading, ...(reading === "flag" && { text: "true" }), ...(reading === "nothing" && { text: "" }) })} />`}
    <${Remove} what=${named} onClick=${remove} />
  </div>`;
}
