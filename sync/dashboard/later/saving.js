// The end of every form: what it would change, what would become of that, the message, and saving it.
import { html, useEffect, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { to } from "../lib/going.js";
import { propose, rehearse } from "../lib/edits.js";
import { Link, Problem, Waiting } from "../views/parts.js";
import { Overlaps, says } from "./foreseen.js";

const LONGEST = 2_000; // milliseconds
const PAUSE = 350; // milliseconds without a key, after which the hub is asked what would become of it

// What would become of the changes, as the hub says; null while it is not known.
export function useForeseen(changes, base) {
  const [foreseen, setForeseen] = useState(null);
  const asked = JSON.stringify(changes.map(({ entity, ...change }) => change));
  const live = app.live?.seq;
  const online = app.status.name === "open";
  useEffect(() => {
    setForeseen(null);
    if (!changes.length || !online) return undefined;
    let over = false;
    const timer = setTimeout(async () => {
      try {
        const answer = await rehearse({ step: "change", changes }, { base });
        if (!over) setForeseen(answer);
      } catch (error) {
        if (!over && error.code !== "offline") setForeseen({ outcome: "unknown", sentence: error.message });
      }
    }, PAUSE);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [asked, base, live, online]);
  return foreseen;
}

// What was committed is on the page before it leads there; if the hub is slow to say it, that does not keep anybody.
async function arrived({ seq }) {
  // A profile that was renamed is gone from where the page was.
  for (let waited = 0; seq && app.live?.seq < seq && waited < LONGEST; waited += 20) await new Promise((resolve) => setTimeout(resolve, 20));
}

// `saved(answer)` is called with what became of it; a refusal stays here, with all that was typed.
export function Saving({ changes, base, faults, message, setMessage, suggestion, says: label, cancel, saved, refused, plaintext = [] }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const foreseen = useForeseen(changes, base);
  const nothing = !changes.length;
  const [allowed, setAllowed] = useState(false);
  const stuck = nothing || faults.length > 0 || (plaintext.length > 0 && !allowed);
  // As the command line writes it (client/definitions/plaintext.py).
  const trailer = plaintext.length ? `\n\nAllow-Plaintext: ${plaintext.join("; ")}` : "";
  const save = async (event) => {
    event.preventDefault();
    if (busy || stuck) return;
    setBusy(true);
    setProblem("");
    try {
      const answer = await propose(changes, (message.trim() || suggestion) + trailer, { base });
      await arrived(answer);
      await saved(answer);
    } catch (error) {
      setProblem(error.message);
    } finally {
      setBusy(false);
    }
  };
  return html`<form class="saving" aria-label="Save" onSubmit=${save}>
    <div role="status" class="foreseen">
      ${faults.length ? html`<p class="fault">Before it can be saved: ${faults.join("; ")}.</p>`
        : nothing ? html`<p class="hint">Nothing is changed yet.</p>`
        : app.status.name !== "open" ? html`<p class="hint">The hub cannot be reached: this is saved here, and goes out later by itself.</p>`
        : foreseen ? html`<p class=${`foreseen-${foreseen.outcome}`}>${says(foreseen)}</p><${Overlaps} of=${foreseen} />` : html`<p class="hint">Asking the hub</p>`}
    </div>
    ${refused?.sentence && html`<${Problem}>${refused.sentence}<//>`}
    ${problem && html`<${Problem}>This could not be saved: ${problem}<//>`}
    ${plaintext.length > 0 && html`<label class="odd allow"><input type="checkbox" checked=${allowed} onChange=${(e) => setAllowed(e.currentTarget.checked)} />
      Save a credential in plain text, for all to read and for ever: the message will say so</label>`}
    <label for="message" class="hidden">Message</label>
    <input id="message" type="text" class="message-input" value=${message} placeholder=${suggestion} maxlength="2000" autocomplete="off"
      onInput=${(e) => setMessage(e.currentTarget.value)} />
    <button type="button" class="quiet" onClick=${cancel}>Cancel</button>
    <button type="submit" class="main" disabled=${busy || stuck}>${label}</button>
    ${busy && html`<${Waiting}>Saving<//>`}
  </form>`;
}

// What became of what was saved, where that needs another step.
export function Became({ answer }) {
  const { outcome, seq } = answer;
  if (outcome === "conflict") {
    return html`<p class="note" role="status">This is in conflict since #${seq}. What you wrote is kept there, and the team sees it.
      <${Link} to=${to("conflicts", String(seq))}>Decide it<//></p>`;
  }
  return html`<p class="note" role="status">This is change request #${seq}: another person has to approve it.
    <${Link} to=${to("requests", String(seq))}>See it<//></p>`;
}
