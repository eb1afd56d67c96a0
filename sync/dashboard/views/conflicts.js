// The open conflicts, and the page of one.
import { html, useRef } from "../lib/html.js";
import { app } from "../lib/app.js";
import { to } from "../lib/going.js";
import { many } from "../lib/words.js";
import { Closed } from "./closed.js";
import { OpenConflict } from "./conflict.js";
import { Said } from "./held.js";
import { Named, Place } from "./named.js";
import { Empty, Link, Shown, Time } from "./parts.js";

export function Conflicts({ world: shown }) {
  const world = app.route.at ? shown : app.live; // One's own decisions that wait change nothing here yet.
  const { conflicts } = world.index;
  return html`<section class="view queue">
    <header class="view-head"><h1 tabindex="-1">Conflicts</h1>
      <${Shown} some=${conflicts.length} all=${conflicts.length} one="open conflict" /></header>
    ${conflicts.length
      ? html`<ul class="cards">${conflicts.map(({ id, entity, number }) => html`<${Row} key=${id} number=${number} conflict=${entity} world=${world} />`)}</ul>`
      : html`<${Empty} title="Nothing is in conflict">
          <p>When somebody changes a value that others changed meanwhile to another one, both stand here until a person decides.
            Nothing is overwritten, and nothing is lost.</p>
          <p>What was decided is in the <${Link} to=${`${to("activity")}${app.route.at ? "&" : "?"}kind=conflict`}>activity<//>.</p><//>`}
  </section>`;
}

function Row({ number, conflict, world }) {
  const [{ author, proposal }] = conflict.held;
  const places = [...new Map(conflict.overlaps.map((o) => [`${o.entity} ${o.path}`, o])).values()];
  const others = [...new Set(conflict.overlaps.map((o) => o.author))].join(", ");
  const opened = app.commits.of(number);
  return html`<li><${Link} class="card-link" to=${to("conflicts", String(number))}>
    <span class="about">${places.slice(0, 2).map((o, i) => html`${i > 0 && ", "}<${Named} id=${o.entity} world=${world} plain /> <${Place} path=${o.path} world=${world} />`)}
      ${places.length > 2 && html`<span class="muted"> and ${many(places.length - 2, "more place")}</span>`}</span>
    <span class="muted"><b>${author}</b> against ${others || "others"}, <${Said} of=${proposal} /></span>
    <span class="facts">#${number} ${opened && html`opened <${Time} of=${opened.accepted} />`}</span>
  <//></li>`;
}

export function ConflictPage({ world: shown }) {
  const world = app.route.at ? shown : app.live; // One's own decisions that wait change nothing here yet.
  const typed = useRef([]);
  const found = world.index.conflicts.find(({ number }) => String(number) === app.route.seq);
  if (!found) return html`<${Closed} kind="conflict" number=${Number(app.route.seq)} seq=${world.seq} typed=${typed.current} />`;
  return html`<${OpenConflict} key=${found.id} ...${found} world=${world} typed=${typed} />`;
}
