// One's own work that is not in the history: proposals that wait or were refused, and forms that were begun.
import { html, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { go, to } from "../lib/going.js";
import { differing } from "../lib/differing.js";
import * as drafts from "../lib/drafts.js";
import { drop, retry } from "../lib/edits.js";
import { encode, parse } from "../lib/exact.js";
import { laid } from "../lib/overlay.js";
import { many } from "../lib/words.js";
import { Differences } from "../views/history.js";
import { Download, Empty, Link, Problem, Time } from "../views/parts.js";
import { formOf } from "./form.js";

export function Yours() {
  const { mine, problem, elsewhere } = app.outbox;
  const begun = drafts.places();
  return html`<section class="view page yours">
    <header class="page-head"><h1 tabindex="-1">Yours</h1><p class="under">What you wrote that is not in the history</p></header>
    ${problem && html`<${Problem}>The hub takes nothing now: ${problem}. It is offered again by itself.<//>`}
    ${mine.map((proposal) => html`<${Waits} key=${proposal.id} of=${proposal} />`)}
    ${begun.length > 0 && html`<section aria-labelledby="begun"><h2 id="begun">Begun, and not saved</h2>
      <ul class="begun">${begun.map((place) => html`<${Begun} key=${place} place=${place} />`)}</ul></section>`}
    ${!mine.length && !begun.length && html`<${Empty} title="Nothing waits"><p>All that you saved is in the history. <${Link} to=${to("activity")}>Activity<//></p><//>`}
    ${elsewhere > 0 && html`<p class="hint">${many(elsewhere, "more")} in other profiles.</p>`}
  </section>`;
}

function Waits({ of: proposal }) {
  const [sure, setSure] = useState(false);
  const [busy, setBusy] = useState(false);
  const { id, message, state, sentence, code, time } = proposal;
  const parked = state === "parked";
  const again = editing(proposal);
  const act = (work) => async () => {
    setBusy(true);
    try {
      await work();
    } finally {
      setBusy(false);
    }
  };
  return html`<article class="entry waits" aria-label=${message}>
    <header><span class=${`badge state-${state}`}>${parked ? "refused" : "not sent"}</span><span class="message">${message}</span>
      <span class="facts"><${Time} of=${time} /></span></header>
    ${parked && html`<p class="problem">${sentence || code}</p>`}
    <${Differences} of=${differencesOf(proposal, app.live)} />
    <div class="tools">
      ${parked && html`<button type="button" class="quiet bordered" disabled=${busy} onClick=${act(() => retry(id))}>Retry</button>`}
      ${parked && again && html`<button type="button" class="quiet bordered" onClick=${again}>Edit again</button>`}
      <${Download} text=${exported(proposal)} name="proposal.json" kind="application/json" />
      ${sure ? html`<span class="sure">This cannot be brought back.
          <button type="button" class="quiet bordered" disabled=${busy} onClick=${act(() => drop(id))}>Drop it</button>
          <button type="button" class="quiet" onClick=${() => setSure(false)}>Keep it</button></span>`
        : html`<button type="button" class="quiet" onClick=${() => setSure(true)}>Drop</button>`}
    </div>
  </article>`;
}

// What a proposal would change, as `read_log` tells it.
function differencesOf(proposal, live) {
  const after = laid(live, [proposal]).entities;
  return differing(live.entities, Object.fromEntries(proposal.events.map(({ entity }) => [entity, after.get(entity) ?? null])));
}

const exported = ({ message, time, base, events, state, sentence }) =>
  encode({ message, time, base, state, ...(sentence && { sentence }), events: events.map(({ type, entity, body }) => ({ type, entity, body: parse(body) })) }) + "\n";

// Opens the form of what a refused proposal changes, as it would be; null if it is not about one stack or component.
function editing(proposal) {
  const { live } = app;
  const ids = [...new Set(proposal.events.map((event) => event.entity))];
  const now = laid(live, [proposal]).entities.get(ids[0]);
  if (ids.length > 1 || !now || !["stack", "component"].includes(now.kind)) return null;
  const before = live.entities.get(ids[0]);
  const place = !before ? to("new", now.kind)
    : before.kind === "stack" ? to("edit", "stacks", before.name) : to("edit", "components", before.component_type, before.name);
  return () => {
    const { stamps, ...opened } = before ?? {};
    drafts.keep(place, {
      id: ids[0], base: live.seq, opened: before ? opened : null, form: formOf(now), yaml: null, message: proposal.message,
      refused: { id: proposal.id, sentence: proposal.sentence ?? "" },
    });
    go(place);
  };
}

function Begun({ place }) {
  const draft = drafts.kept(place);
  if (!draft) return null;
  return html`<li><${Link} to=${place}>${draft.opened?.name ?? (draft.form.name || `New ${draft.form.kind}`)}<//>
    <span class="muted">${draft.form.kind}, <${Time} of=${draft.time} /></span>
    <button type="button" class="quiet" onClick=${() => drafts.discard(place)}>Discard</button></li>`;
}
