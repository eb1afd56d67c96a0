// Saying a decision to the hub, and what became of it.
import { html, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { to } from "../lib/going.js";
import { propose } from "../lib/edits.js";
import { sentence } from "../lib/words.js";
import { Link, Problem } from "./parts.js";

// { busy, outcome, send(changes, message, base) }; `base` is the seq of what they had in view who decide.
export function useDecision() {
  const [state, setState] = useState({ busy: false, outcome: null });
  const send = async (changes, message, base) => {
    setState({ busy: true, outcome: null });
    try {
      setState({ busy: false, outcome: await propose(changes, message, { base }) });
    } catch (error) {
      setState({ busy: false, outcome: { outcome: "failed", sentence: error.message } });
    }
  };
  return { ...state, send };
}

export const Message = ({ value, onInput, says }) => html`<label class="said">${says}
  <textarea rows="2" value=${value} onInput=${(e) => onInput(e.currentTarget.value)} /></label>`;

// What became of it; `still` is what is left as it was.
export function Outcome({ of, still }) {
  if (!of) return null;
  const { outcome, seq } = of;
  if (outcome === "rejected" || outcome === "failed") {
    return html`<${Problem}>${sentence(of.sentence)} ${outcome === "rejected" && html`What you decided is kept among <${Link} to=${to("yours")}>your changes<//>.`}<//>`;
  }
  return html`<p class="note" role="status">${
    outcome === "conflict" ? html`Somebody changed the same meanwhile, so your decision is itself in conflict:
        <${Link} to=${to("conflicts", String(seq))}>conflict #${seq}<//>. ${still} stays open.`
    : outcome === "requested" ? html`It changes what is protected, and waits for another person's approval:
        <${Link} to=${to("requests", String(seq))}>change request #${seq}<//>. ${still} stays open until then.`
    : outcome === "pending" ? "Saved in this browser: it goes to the hub as soon as that can be reached."
    : `Committed as #${seq}.`}</p>`;
}

// Whether a decision of this browser on it has not reached the hub yet.
export const waits = (id) => app.outbox.pending.some(({ events }) => events.some(({ entity }) => entity === id));
