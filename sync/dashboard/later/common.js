// What the forms of stacks and of components have in common, and who may see them at all.
import { html } from "../lib/html.js";
import { app } from "../lib/app.js";
import { to } from "../lib/going.js";
import { may } from "../lib/edits.js";
import { pointer } from "../lib/paths.js";
import { Link } from "../views/parts.js";
import { Cannot } from "./editor.js";
import { Field, Text } from "./inputs.js";
import { Rows } from "./rows.js";

// Nothing is edited in the past, nor by who may not, nor what is not there.
export function Guarded({ absent, children }) {
  const back = html`<p><${Link} to=${to()}>All stacks<//></p>`;
  if (app.route.at) return html`<${Cannot} title="Nothing is changed in the past"><p>Go to now to edit.</p>${back}<//>`;
  if (!may("profile.write")) return html`<${Cannot} title="You may not change this profile"><p>Ask somebody for the role of an editor in it.</p>${back}<//>`;
  if (absent) return html`<${Cannot} title=${absent}><p>Nothing has that name in this profile now.</p>${back}<//>`;
  return children;
}

// Name, what comes `before` and `after` it, and protection.
export function Basics({ form, patch, faultAt, newsAt, before, after }) {
  return html`<section class="basics" aria-label="What it is">
    ${before}
    <${Field} id="name" label="Name" required news=${newsAt("/name")}
      control=${(props) => html`<${Text} ...${props} value=${form.name} set=${(name) => patch({ name })} maxlength="255" />`} />
    ${after}
    <${Field} id="protected" label="Protected" help="Changed only with another person's approval." news=${newsAt("/protected")}
      control=${(props) => html`<input type="checkbox" ...${props} checked=${form.protected} disabled=${!may("profile.protect") && !form.protected}
        onChange=${(e) => patch({ protected: e.currentTarget.checked })} />`} />
  </section>`;
}

export function Labels({ form, patch, faultAt, newsAt }) {
  const set = (place, change) => patch({ labels: change === null
    ? form.labels.filter((_, i) => i !== place)
    : form.labels.map((row, i) => (i === place ? { ...row, ...change } : row)) });
  return html`<section aria-labelledby="labels-title"><h2 id="labels-title">Labels</h2>
    <${Rows} field="labels" one="label" plain rows=${[...form.labels.entries()]} set=${set}
      add=${() => patch({ labels: [...form.labels, { key: "", reading: "text", text: "" }] })}
      told=${(place, row) => ({ fault: faultAt(`labels/${place}`), news: row.key && newsAt(pointer("labels", row.key)) })} />
  </section>`;
}
