// Commits that this browser has verified itself, and what to do where something does not hold.
import { html, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { many } from "../lib/words.js";
import { Download } from "./parts.js";

const found = (seq) => app.witness.results.get(seq);

const SAYS = { good: "verified in this browser", bad: "does not hold", unable: "cannot be verified" };

// Beside a commit: verifies it, or says what came of that.
export function Verify({ entry }) {
  const result = found(entry.seq);
  if (!result) return html`<button type="button" class="verify" aria-label=${`Verify #${entry.seq} in this browser`}
    onClick=${() => app.witness.verify([entry])}>Verify</button>`;
  if (result.state === "busy") return html`<span role="status">verifying</span>`;
  return html`<span class=${`proof proof-${result.state}`} role="status">${result.state === "good" ? "✓ " : result.state === "bad" ? "✗ " : ""}${SAYS[result.state]}</span>`;
}

// Below a commit: what was checked, in words.
export function Checks({ seq }) {
  const result = found(seq);
  if (!result || result.state === "busy") return null;
  return html`<details class="checks" open=${result.state !== "good"}>
    <summary>What was checked</summary>
    ${result.why && html`<p class=${result.state === "bad" ? "problem" : "muted"}>${result.why}</p>`}
    <ul>${result.checks.map(({ ok, text }) => html`<li key=${text} class=${ok === false ? "wrong" : ""}>
      <span class="sign" aria-hidden="true">${ok === false ? "✗" : ok ? "✓" : "·"}</span><span>${ok === false && html`<b>Wrong: </b>`}${text}</span></li>`)}</ul>
    ${result.commit && html`<details class="stored"><summary>As it is stored</summary>
      <p class="muted">What is shown above of its values is what the hub works out of these events.</p>
      <pre tabindex="0" aria-label=${`#${seq} as it is stored`}>${result.commit.events.map((e) => `${e.type} ${e.entity}\n${e.body}\n`).join("\n")}</pre></details>`}
  </details>`;
}

// Verifies all that is shown; says how many of them hold.
export function VerifyAll({ entries }) {
  const { results } = app.witness;
  const states = entries.map(({ seq }) => results.get(seq)?.state);
  const open = entries.filter(({ seq }) => !results.has(seq) || results.get(seq).state === "unable");
  const of = (state) => states.filter((each) => each === state).length;
  const bad = of("bad"), good = of("good");
  return html`<span class="verify-all">
    ${open.length > 0 && html`<button type="button" class="quiet" disabled=${of("busy") > 0} onClick=${() => app.witness.verify(open)}>Verify all shown</button>`}
    <span role="status" class=${bad ? "proof proof-bad" : "proof proof-good"}>
      ${of("busy") > 0 ? html`<span class="muted">verifying ${many(of("busy"), "commit")}</span>`
        : bad ? `✗ ${bad} of ${many(entries.length, "commit")} ${bad === 1 ? "does" : "do"} not hold` : good ? `✓ ${good} of ${many(entries.length, "commit")} verified in this browser` : ""}</span>
  </span>`;
}

// The hub is not the one that this browser knows, or its history is not the one that it has signed.
export function Distrust() {
  const { fault } = app.witness;
  const [sure, setSure] = useState(false);
  if (!fault) return null;
  const accept = () => {
    app.witness.accept(fault);
    location.reload();
  };
  return html`<div class="distrust" role="alert">
    <p><b>${fault.profile ? "Do not trust what this profile shows." : "Do not trust this hub."}</b> ${fault.sentence[0].toUpperCase() + fault.sentence.slice(1)}.</p>
    <p>Ask the hub's operator: it was restored from an older copy, was rewritten, or is not the hub that you mean.
      ${fault.profile ? html` <code>stackroom audit verify</code> looks at all of it.` : html` <code>stackroom hub status</code> shows its key there.`}</p>
    <p class="tools"><${Download} text=${fault.evidence} name="stackroom-evidence.notes" kind="text/plain">Download what was signed<//>
      ${sure
        ? html`Has the operator told you why it is another?
            <button type="button" class="quiet" onClick=${accept}>Yes, hold the hub to what it shows now</button>
            <button type="button" class="quiet" onClick=${() => setSure(false)}>No</button>`
        : html`<button type="button" class="quiet" onClick=${() => setSure(true)}>It is right</button>`}</p>
  </div>`;
}
