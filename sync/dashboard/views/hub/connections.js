// Who is connected, since when, and what they have not got yet: those furthest behind first.
import { html } from "../../lib/html.js";
import { app } from "../../lib/app.js";
import { place } from "../../lib/route.js";
import { bytes, lasting, many } from "../../lib/words.js";
import { Empty, Link, Time } from "../parts.js";

const SILENT = 30_000; // milliseconds: longer than between a ping and its pong

// `of` is the hub's answer; `whole`: of the hub as a whole, with what waits for each.
export function Connections({ of: { connections = [], connected }, names, whole }) {
  const rest = connected - connections.length;
  return html`<section aria-labelledby="connections">
    <h2 id="connections">${whole ? "Connections" : "Who follows it"} <span class="count">${many(connected, "connection")}</span></h2>
    ${!connections.length && html`<${Empty} title="Nobody follows it now" />`}
    ${connections.length > 0 && html`<div class="wide-table" tabindex="0" role="group" aria-labelledby="connections"><table class="connections">
      <thead><tr><th scope="col">User</th><th scope="col">Client</th><th scope="col">Since</th><th scope="col">Follows</th>
        ${whole && html`<th scope="col">Waits for them</th><th scope="col">From</th>`}</tr></thead>
      <tbody>${connections.map((c) => html`<tr key=${c.replica + c.since}>
        <th scope="row">${c.user}${c.here && html` <span class="badge-quiet">this page</span>`}</th>
        <td title=${`${c.client}, replica ${c.replica}`}>${c.client ? html`<span class="client">${c.client}</span>` : html`<span class="none">not said</span>`}</td>
        <td class="nowrap"><${Time} of=${c.since} /></td>
        <td><${Lag} of=${c} names=${names} /></td>
        ${whole && html`<td><${Queue} of=${c} /></td>
          <td>${c.address}${(c.silent ?? 0) > SILENT && html`<span class="badge">silent for ${lasting(c.silent)}</span>`}</td>`}
      </tr>`)}</tbody></table></div>`}
    ${rest > 0 && html`<p class="hint">And ${many(rest, "more connection")}, not further behind than these.</p>`}
  </section>`;
}

function Lag({ of: { follows = [], profiles = 0 }, names }) {
  if (!profiles) return html`<span class="none">nothing</span>`;
  const rest = profiles - follows.length;
  return html`<ul class="follows">${follows.map(({ profile, seq, behind = 0, folded }) => html`<li key=${profile + Boolean(folded)}>
      <${Named} id=${profile} name=${names.get(profile)} />
      <span class="muted"> #${seq}${folded ? ", watched" : ""}</span>
      ${behind > 0 ? html` <span class="badge">${many(behind, "commit")} behind</span>` : html` <span class="well">up to date</span>`}
    </li>`)}
    ${rest > 0 && html`<li class="muted">${follows.length ? "and " : ""}${many(rest, follows.length ? "more profile" : "profile")}</li>`}</ul>`;
}

function Named({ id, name }) {
  if (id === app.connection?.welcome?.hub) return html`<span>the hub's people</span>`;
  return name ? html`<${Link} to=${place(name)}>${name}<//>` : html`<span>…${id.slice(-12)}</span>`;
}

function Queue({ of: { unsent = 0, reads = 0, undecided = 0 } }) {
  const parts = [
    unsent && `${bytes(unsent)} unsent`,
    reads && many(reads, "page"),
    undecided && `${many(undecided, "proposal")} undecided`,
  ].filter(Boolean);
  return parts.length ? parts.join(", ") : html`<span class="none">nothing</span>`;
}
