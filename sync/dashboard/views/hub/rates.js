// What the hub did in the last minute, a second.
import { html } from "../../lib/html.js";
import { latency, rate } from "../../lib/inspect.js";
import { bytes, few } from "../../lib/words.js";
import { Spark } from "./spark.js";

// What is rare is told by the minute.
const often = (n) => (n > 0 && n < 0.1 ? `${few(n * 60)} a minute` : `${few(n)} a second`);

const RATES = [
  ["commits", "Commits", often],
  ["proposals", "Proposals answered", often],
  ["refused", "Proposals refused", often],
  ["received_bytes", "Received", (n) => `${bytes(n)} a second`],
  ["sent_bytes", "Sent", (n) => `${bytes(n)} a second`],
];

export function Rates({ samples }) {
  const until = samples.at(-1)?.time ?? 0;
  const shown = RATES.map(([name, title, says]) => ({ title, says, ...rate(samples, name) }));
  shown.push({ title: "Time of a transaction", says: (n) => `${n.toFixed(1)} ms`, ...latency(samples) });
  return html`<section aria-labelledby="rates"><h2 id="rates">The last minute</h2>
    <dl class="rates">${shown.map(({ title, says, now, points }) => html`<div class="rate" key=${title}>
      <dt>${title}</dt>
      <dd>${now === null ? html`<span class="none">${samples.length < 2 ? "measuring" : "none"}</span>` : says(now)}<${Spark} points=${points} until=${until} /></dd>
    </div>`)}</dl>
  </section>`;
}
