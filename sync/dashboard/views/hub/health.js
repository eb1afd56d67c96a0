// Whether the hub is well, at one glance.
import { html } from "../../lib/html.js";
import { latency } from "../../lib/inspect.js";
import { bytes, lasting } from "../../lib/words.js";
import { Time } from "../parts.js";

const LITTLE = 0.1; // of the disk: from there on, room is scarce

export function Health({ answer: { time, condition }, samples }) {
  const { ready, started, version, stored, counters } = condition;
  const { free = 0, disk = 0, backup } = stored;
  const { now: took } = latency(samples);
  const failures = counters.failures ?? 0;
  return html`<section aria-labelledby="health"><h2 id="health">Health</h2>
    <dl class="facts-grid">
      <${Fact} title="State" bad=${!ready}>${ready ? "takes changes" : "takes no changes now: its log says why (stackroom hub logs)"}<//>
      <${Fact} title="Runs since">${html`<${Time} of=${started} />, for ${lasting(time - started)}`}<//>
      <${Fact} title="Version">${version}<//>
      <${Fact} title="A transaction takes">${took === null ? html`<span class="none">none in the last minute</span>` : `${took.toFixed(1)} ms, until durable`}<//>
      <${Fact} title="Transactions that failed" bad=${failures > 0}>${failures ? `${failures} since the start` : "none"}<//>
      <${Fact} title="Room on the disk" bad=${disk > 0 && free < disk * LITTLE}>${disk ? `${bytes(free)} of ${bytes(disk)}` : html`<span class="none">not known</span>`}<//>
      <${Fact} title="Last backup">${backup ? html`<${Time} of=${backup} />` : html`<span class="none">none that the hub knows of</span>`}<//>
    </dl>
  </section>`;
}

export const Fact = ({ title, bad, long, children }) =>
  html`<div class=${`fact${bad ? " bad" : ""}${long ? " long" : ""}`}><dt>${title}</dt><dd>${children}</dd></div>`;
