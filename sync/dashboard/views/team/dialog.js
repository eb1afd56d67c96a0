// A native dialog that does one thing, and shows the hub's refusal where it was asked.
import { html, useLayoutEffect, useRef, useState } from "../../lib/html.js";
import { Refused } from "../../lib/wire.js";
import { sentence } from "../../lib/words.js";
import { Copy, Problem, Waiting } from "../parts.js";

// `act(fields)` does it; what it gives, if anything, is shown in the place of the form, once.
export function Dialog({ title, does, danger, act, close, children }) {
  const dialog = useRef(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const [done, setDone] = useState(null);
  useLayoutEffect(() => dialog.current.showModal(), []);

  async function submit(event) {
    event.preventDefault();
    if (busy) return;
    const fields = new FormData(event.currentTarget);
    setBusy(true);
    setProblem("");
    try {
      const result = await act(fields);
      if (result) setDone(result);
      else close();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setProblem(error.message);
    } finally {
      setBusy(false);
    }
  }
  return html`<dialog ref=${dialog} class="card ask" aria-labelledby="asked" onClose=${close}>
    <h2 id="asked">${title}</h2>
    ${done
      ? html`${done}<div class="answers"><button type="button" class="main" onClick=${close}>Close</button></div>`
      : html`<form onSubmit=${submit}>
          ${children}
          ${problem && html`<${Problem}>${sentence(problem)}<//>`}
          ${busy && html`<${Waiting}>Asking the hub<//>`}
          <div class="answers">
            <button type="button" class="quiet" onClick=${close}>Cancel</button>
            <button type="submit" class=${danger ? "main ends" : "main"} disabled=${busy}>${does}</button>
          </div>
        </form>`}
  </dialog>`;
}

// A button that opens a dialog: `children(close)` is the dialog.
export function Opens({ label, name, kind = "quiet", children }) {
  const [open, setOpen] = useState(false);
  return html`<button type="button" class=${kind} aria-haspopup="dialog" aria-label=${name} onClick=${() => setOpen(true)}>${label}</button>
    ${open && children(() => setOpen(false))}`;
}

// A button for what takes something away: it is asked for again, with what it means.
export const Ends = ({ label, name, title, does = label, act, children }) => html`<${Opens} label=${label} name=${name} kind="quiet ends">
  ${(close) => html`<${Dialog} title=${title} does=${does} danger act=${act} close=${close}><p>${children}</p><//>`}
<//>`;

export const Field = ({ label, hint, children }) =>
  html`<label class="asks"><span>${label}</span> ${children} ${hint && html`<span class="hint">${hint}</span>`}</label>`;

// A secret, for whoever holds it to keep: it is not shown again.
export const Once = ({ label, text, copy }) => html`<div class="once">
  <span class="hint">${label}</span>
  <pre class="secret" tabindex="0" aria-label=${label}>${text}</pre>
  <div class="tools"><${Copy} text=${text}>${copy}<//></div>
</div>`;
