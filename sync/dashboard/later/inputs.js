// One field of a form: what it is called, what is typed, what helps, what is wrong, and what others made of it meanwhile.
import { html } from "../lib/html.js";
import { app } from "../lib/app.js";
import { written } from "../lib/paths.js";
import { Value } from "../views/parts.js";

// `control(props)` makes the input; `fault` is what cannot be read, `odd` what is only unusual.
export function Field({ id, label, hidden, required, secret, help, fault, odd, news, children, control }) {
  const says = [help && `${id}-help`, fault && `${id}-fault`, odd && `${id}-odd`, news && `${id}-news`].filter(Boolean).join(" ");
  const props = { id, "aria-describedby": says || undefined, "aria-invalid": fault ? "true" : undefined };
  return html`<div class=${`input${fault ? " input-fault" : ""}`}>
    <label for=${id} class=${hidden ? "hidden" : ""}>${label}${required && html`<span class="needed" title="required" aria-label="required"> *</span>`}
      ${secret && html` <span class="tagged">credential</span>`}</label>
    <div class="control">${control(props)}${children}</div>
    ${help && html`<p id=${`${id}-help`} class="help">${help}</p>`}
    ${fault && html`<p id=${`${id}-fault`} class="fault" role="alert">${fault}</p>`}
    ${odd && html`<p id=${`${id}-odd`} class="odd">${odd}</p>`}
    ${news && html`<${News} id=${`${id}-news`} ...${news} />`}
  </div>`;
}

// What somebody else wrote since the form was opened.
export function News({ id, path, entity, value, mine, use, keep }) {
  const author = app.commits.author(written(entity, path));
  return html`<p id=${id} class="news" role="status">now <${Value} of=${value} />${author && html`, by <b>${author}</b>`}
    <button type="button" class="quiet" onClick=${use}>Use it</button>
    ${mine && html`<button type="button" class="quiet" onClick=${keep}>Keep mine</button>`}</p>`;
}

// A text that may have more than one line.
export function Text({ value, set, long, mono, ...props }) {
  const typed = (event) => set(event.currentTarget.value);
  if (!long && !value.includes("\n")) return html`<input type="text" ...${props} value=${value} onInput=${typed} autocomplete="off" spellcheck=${false} />`;
  const rows = Math.min(16, Math.max(2, value.split("\n").length));
  return html`<textarea ...${props} class=${mono ? "mono" : ""} rows=${rows} value=${value} onInput=${typed} spellcheck=${false} />`;
}

// `options` are [value, what it is called].
export const Choose = ({ value, set, options, ...props }) => html`<select ...${props} value=${value} onChange=${(e) => set(e.currentTarget.value)}>
  ${options.map(([option, title = option]) => html`<option key=${option} value=${option}>${title}</option>`)}</select>`;

export const Remove = ({ what, onClick }) =>
  html`<button type="button" class="quiet" aria-label=${`Remove ${what}`} title="Remove" onClick=${onClick}>×</button>`;
