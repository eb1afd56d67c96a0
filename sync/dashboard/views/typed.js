// A value that is typed in the place of both sides: a text, JSON, nothing, or what of the profile it refers to.
import { html, useEffect, useState } from "../lib/html.js";
import { isMap } from "../lib/exact.js";
import { segments } from "../lib/paths.js";
import { textOf } from "./named.js";

const ONLY_TEXT = ["name", "labels", "description", "flavor", "source"];

// `onTyped` is told its JSON text (null for nothing, undefined while it is none), and what to go on from: `typed`.
export function Typed({ question: { path, overlaps }, world, typed, onTyped }) {
  const [field, ...keys] = segments(path);
  const last = overlaps.at(-1);
  if (field === "default_stack") return html`<${Choice} of=${world.index.stacks} first=${typed ?? last.ours} onTyped=${onTyped} />`;
  if (field === "components") {
    const those = world.index.components.filter((row) => row.entity.component_type === keys[0]);
    return html`<${Choice} of=${those} first=${typed ?? last.ours} several onTyped=${onTyped} />`;
  }
  return html`<${Field} first=${last.ours ?? last.theirs ?? ""} typed=${typed} onlyText=${ONLY_TEXT.includes(field)} optional=${keys.length > 0} onTyped=${onTyped} />`;
}

// The JSON text of what was typed; undefined where it is none.
function read(kind, text) {
  if (kind === "nothing") return null;
  if (kind === "text") return JSON.stringify(text);
  try {
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}

function Field({ first, typed, onlyText, optional, onTyped }) {
  const [kind, setKind] = useState(typed?.kind ?? (onlyText || typeof first === "string" ? "text" : "json"));
  const [text, setText] = useState(typed?.text ?? textOf(first));
  const value = read(kind, text);
  useEffect(() => onTyped(value, { kind, text }), [kind, text]);
  const long = text.includes("\n") || text.length > 60 || isMap(first);
  const field = { "aria-label": "Value", spellcheck: false, autocomplete: "off", value: text, "aria-invalid": value === undefined, onInput: (e) => setText(e.currentTarget.value) };
  return html`<div class="typed-field">
    ${kind !== "nothing" && (long ? html`<textarea rows="4" ...${field} />` : html`<input type="text" ...${field} />`)}
    <label><span class="hidden">Read as</span><select value=${kind} onChange=${(e) => setKind(e.currentTarget.value)}>
      <option value="text">text</option>
      ${!onlyText && html`<option value="json">JSON</option>`}
      ${optional && html`<option value="nothing">nothing</option>`}
    </select></label>
    ${value === undefined && html`<p class="problem" role="status">This is no JSON. Texts stand in quotes there; or read it as text.</p>`}
    ${kind === "nothing" && html`<p class="hint">The value is taken away.</p>`}
  </div>`;
}

function Choice({ of, first, several, onTyped }) {
  const begun = [first].flat().filter((id) => of.some((row) => row.id === id));
  const [chosen, setChosen] = useState(begun.length || several ? begun : of.slice(0, 1).map((row) => row.id));
  useEffect(() => {
    const value = several ? chosen : chosen[0];
    onTyped(chosen.length ? JSON.stringify(value) : several ? null : undefined, chosen);
  }, [chosen.join()]);
  const choose = (select) => setChosen([...select.selectedOptions].map((option) => option.value));
  return html`<div class="typed-field"><select aria-label="Value" multiple=${several} size=${several ? Math.min(6, Math.max(2, of.length)) : undefined} onChange=${(e) => choose(e.currentTarget)}>
    ${of.map((row) => html`<option key=${row.id} value=${row.id} selected=${chosen.includes(row.id)}>${row.name}</option>`)}
  </select>${several && html`<p class="hint">Several with Ctrl; none takes the type out of the stack.</p>`}</div>`;
}
