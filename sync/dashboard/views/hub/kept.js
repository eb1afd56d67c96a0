// What the hub keeps: its files, every profile with its signed head, and the checkpoints kept elsewhere.
import { html } from "../../lib/html.js";
import { app } from "../../lib/app.js";
import { place } from "../../lib/route.js";
import { bytes, lasting, many, number } from "../../lib/words.js";
import { Copy, Link, Time } from "../parts.js";
import { Fact } from "./health.js";

export function Kept({ condition: { stored, kept = [], profiles, anchored } }) {
  const sizes = kept.reduce((sum, each) => sum + (each.snapshot_bytes ?? 0), 0);
  const rest = profiles - kept.length;
  return html`<section aria-labelledby="storage"><h2 id="storage">Storage</h2>
      <dl class="facts-grid">
        <${Fact} title="Database">${bytes(stored.database ?? 0)}<//>
        <${Fact} title="Write-ahead log">${bytes(stored.wal ?? 0)}<//>
        <${Fact} title="Snapshots in it">${bytes(sizes)}<//>
      </dl>
      <div class="wide-table" tabindex="0" role="group" aria-labelledby="storage"><table class="kept">
        <thead><tr><th scope="col">Profile</th><th scope="col" class="num">Commits</th><th scope="col" class="num">Events</th>
          <th scope="col">Snapshots</th><th scope="col">Root of its head</th><th scope="col">Signed</th></tr></thead>
        <tbody>${kept.map((each) => html`<${Row} key=${each.profile} of=${each} />`)}</tbody></table></div>
      ${rest > 0 && html`<p class="hint">And ${many(rest, "more profile")} that you may not read, or that ${rest === 1 ? "is" : "are"} smaller.</p>`}
    </section>
    <${Checkpoints} anchored=${anchored} />`;
}

function Row({ of }) {
  const { profile, name, seq, root, deleted, events = 0, counted = 0, snapshots = 0, snapshot_bytes: size = 0, signed } = of;
  const people = profile === app.connection?.welcome?.hub;
  return html`<tr>
    <th scope="row">${people ? "the hub's people" : deleted ? html`${name} <span class="none">deleted</span>` : html`<${Link} to=${place(name)}>${name}<//>`}</th>
    <td class="num">${number(seq)}</td>
    <td class="num">${counted < seq ? html`<span class="none">counting, ${Math.floor((100 * counted) / seq)} %</span>` : number(events)}</td>
    <td>${snapshots ? `${number(snapshots)}, ${bytes(size)}` : html`<span class="none">none</span>`}</td>
    <td><code title=${root}>${root.slice(0, 12)}…</code></td>
    <td class="nowrap">${signed ? html`<${Time} of=${signed} />` : html`<span class="none">not signed</span>`}</td>
  </tr>`;
}

function Checkpoints({ anchored }) {
  const key = app.connection?.welcome?.key ?? "";
  return html`<section aria-labelledby="checkpoints"><h2 id="checkpoints">Checkpoints</h2>
    <dl class="facts-grid">
      ${key
        ? html`<${Fact} title="Signed with the key" long><code class="key">${key}</code> <${Copy} text=${key} /><//>`
        : html`<${Fact} title="Signed with"><span class="none">no key: this hub signs nothing</span><//>`}
      ${anchored
        ? html`<${Fact} title="Kept elsewhere, in" bad=${Boolean(anchored.error)}>${anchored.target}, every ${lasting(anchored.every)}.
            ${anchored.last ? html` Last <${Time} of=${anchored.last} />.` : " Not yet."}
            ${anchored.error && html` <span class="problem">${anchored.error}</span>`}<//>`
        : html`<${Fact} title="Kept elsewhere"><span class="none">nowhere</span><//>`}
    </dl>
  </section>`;
}
