// The open change requests, and the page of one.
import { html, useRef } from "../lib/html.js";
import { app } from "../lib/app.js";
import { to } from "../lib/going.js";
import { wishes } from "../lib/holdings.js";
import { many } from "../lib/words.js";
import { Closed } from "./closed.js";
import { Said } from "./held.js";
import { Named } from "./named.js";
import { Command, Empty, Link, Shown, Time } from "./parts.js";
import { OpenRequest } from "./request.js";

export function Requests({ world: shown }) {
  const world = app.route.at ? shown : app.live; // One's own decisions that wait change nothing here yet.
  const { requests } = world.index;
  return html`<section class="view queue">
    <header class="view-head"><h1 tabindex="-1">Change requests</h1>
      <${Shown} some=${requests.length} all=${requests.length} one="open change request" /></header>
    ${requests.length
      ? html`<ul class="cards">${requests.map(({ id, entity, number }) => html`<${Row} key=${id} number=${number} request=${entity} world=${world} />`)}</ul>`
      : html`<${Empty} title="No change request waits">
          <p>Whoever changes a protected stack, or a component of one, asks: it stands here until another person approves or rejects it.</p>
          <p>Stacks and components are protected by</p><${Command}>stackroom stack protect NAME<//>
          <p>What was decided is in the <${Link} to=${`${to("activity")}${app.route.at ? "&" : "?"}kind=request`}>activity<//>.</p><//>`}
  </section>`;
}

function Row({ number, request, world }) {
  const [{ author, proposal }] = request.held;
  const wanted = [...new Map(wishes(request).map((wish) => [wish.entity, wish])).values()];
  const opened = app.commits.of(number);
  return html`<li><${Link} class="card-link" to=${to("requests", String(number))}>
    <span class="about">${wanted.slice(0, 2).map((wish, i) => html`${i > 0 && ", "}<${Named} id=${wish.entity} world=${world} wish=${wish} plain />`)}
      ${wanted.length > 2 && html`<span class="muted"> and ${many(wanted.length - 2, "more entity", "more entities")}</span>`}</span>
    <span class="muted"><b>${author}</b> asks, <${Said} of=${proposal} /></span>
    <span class="facts">#${number} ${opened && html`asked <${Time} of=${opened.accepted} />`}</span>
  <//></li>`;
}

export function RequestPage({ world: shown }) {
  const world = app.route.at ? shown : app.live; // One's own decisions that wait change nothing here yet.
  const typed = useRef([]);
  const found = world.index.requests.find(({ number }) => String(number) === app.route.seq);
  if (!found) return html`<${Closed} kind="request" number=${Number(app.route.seq)} seq=${world.seq} typed=${typed.current} />`;
  return html`<${OpenRequest} key=${found.id} ...${found} world=${world} typed=${typed} />`;
}
