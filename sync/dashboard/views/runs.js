// Which pipelines ran on a stack, or with a component: newest first, each with the stack as it was for it.
import { html, useEffect, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { place } from "../lib/route.js";
import { Command, Link, Problem, Time, Waiting } from "./parts.js";

const PAGE = 20, MOST = 200; // runs asked for at once; the hub gives no more
const STRETCHES = 10; // answers without a run after which somebody is asked whether to go on looking
const TONES = { completed: "good", cached: "good", failed: "bad" };

// `seq` is the moment that the page shows: runs that were recorded later are not there yet.
export function Runs({ id, seq, ofStack }) {
  const [found, setFound] = useState({ runs: null, next: null, error: "", upto: -1 });
  const [busy, setBusy] = useState(false);
  const { runs, next, error } = found;

  // Asks for those behind `from`, or for the newest: as many as are shown, since any of them may have gone on.
  async function load(from) {
    setBusy(true);
    try {
      const most = from ? PAGE : Math.min(MOST, Math.max(PAGE, runs?.length ?? 0));
      const fresh = await asked({ profile: app.profile.id, entity: id, upto: seq, most }, from);
      const known = from ? runs : [];
      setFound({ runs: [...known, ...fresh.runs], next: fresh.next, error: "", upto: seq });
    } catch (error) {
      const away = error.code === "offline"; // It is asked again when the hub is back.
      setFound((before) => ({ ...before, error: away ? "" : error.message, upto: away ? -1 : seq }));
    } finally {
      setBusy(false);
    }
  }
  useEffect(() => {
    if (!busy && app.profile && app.status.name === "open" && found.upto !== seq) load(null);
  }, [seq, busy, app.connection, app.status.name]);

  return html`<section aria-labelledby="runs"><h2 id="runs">Runs</h2>
    ${error && html`<${Problem}>Runs cannot be shown: ${error}.<//>`}
    ${runs === null && !error && html`<${Waiting}>Reading runs<//>`}
    ${runs?.length === 0 && !next && html`<${None} ofStack=${ofStack} />`}
    ${runs?.length > 0 && html`<table class="runs"><thead class="hidden"><tr><th>Pipeline</th><th>Status</th><th>Stack then</th><th>Reported</th></tr></thead>
      <tbody>${runs.map((run) => html`<${Row} key=${run.id} run=${run} ofStack=${ofStack} />`)}</tbody></table>`}
    ${next && html`<button type="button" class="quiet" disabled=${busy} onClick=${() => load(next)}>
      ${runs.length ? "Show earlier" : "Look further back"}</button>`}
  </section>`;
}

// One page of runs, and where it goes on. Of a component, the hub looks at a stretch of all runs at a time.
async function asked(question, from) {
  let next = from ?? {}, found = [];
  for (let n = 0; n < STRETCHES; n++) {
    const { runs = [], before, run } = await app.connection.ask({ type: "list_runs", ...question, ...next });
    found = found.concat(runs);
    next = before ? { before, run } : null;
    if (!next || found.length) break;
  }
  return { runs: found, next };
}

const None = ({ ofStack }) => html`<p class="none">No run is known${app.route.at ? " of then" : ""}.
  ${ofStack && !app.route.at && html` Pipelines report theirs: <${Command}>stackroom run record --pipeline NAME --stack ${ofStack}<//>`}</p>`;

function Row({ run, ofStack }) {
  const { pipeline, name, status, url, author, began, at, stack_name: stack } = run;
  return html`<tr>
    <th scope="row">${pipeline}${name && html` <span class="muted">${name}</span>`}</th>
    <td><span class="status status-${TONES[status] ?? "other"}">${status}</span> ${isWeb(url) && html`<a href=${url} target="_blank" rel="noopener noreferrer">Open<span class="hidden"> ${pipeline} ${name} elsewhere</span></a>`}</td>
    <td>${!ofStack && `${stack ?? "a stack that is gone"} `}${at && (stack
      ? html`<${Link} to=${`${place(app.route.profile, "stacks", stack)}?at=${at}`}>as of #${at}<//>`
      : html`<span class="muted">as of #${at}</span>`)}</td>
    <td><span class="who"><span class="author">${author}</span> <${Time} of=${began} /></span></td>
  </tr>`;
}

// The hub takes no other addresses, and this page follows no other.
function isWeb(url) {
  return Boolean(url) && URL.canParse(url) && ["http:", "https:"].includes(new URL(url).protocol);
}
