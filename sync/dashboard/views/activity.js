// The log, live: who changed what, newest first.
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { setQuery } from "../lib/going.js";
import { place } from "../lib/route.js";
import { many } from "../lib/words.js";
import { Reading } from "../lib/reading.js";
import { Choice, Search, each } from "./filters.js";
import { Entry } from "./history.js";
import { VerifyAll } from "./proof.js";
import { Empty, Link, Problem, Waiting } from "./parts.js";

const KINDS = ["stack", "component", "flavor", "profile", "tag", "conflict", "request"];
const LONGEST = 200; // characters that are sought
const PAUSE = 250; // milliseconds after which somebody who types wants to see what was found

export function Activity({ world }) {
  const head = app.route.at ?? world.seq;
  const filters = useFilters();
  const reading = useReading(filters);
  useEffect(() => {
    if (!reading.error) reading.newer(head);
  }, [head, reading, reading.busy, reading.error, app.connection, app.status.name]);
  const { entries } = reading;
  const end = useNear(() => reading.older(), [entries.length, reading.below, reading.busy]);
  const filtered = reading.sifts;
  return html`<section class="view activity">
    <header class="view-head">
      <h1 tabindex="-1">Activity</h1>
      <span class="count" role="status">${many(head, "commit")}</span>
      <${Search} label="Search commits" />
      <${Link} to=${place(app.route.profile, "compare")}>Compare two moments<//>
      <div class="filters" role="search">
        <${Choice} name="author" title="By" options=${each(authorsOf(world, entries))} />
        <${Choice} name="kind" title="Of" options=${each(KINDS)} />
        ${filtered && html`<button type="button" class="quiet" onClick=${() => setQuery({ q: null, kind: null, author: null })}>Clear</button>`}
      </div>
      ${entries.length > 0 && html`<${VerifyAll} entries=${entries} />`}
    </header>
    <div class="log" role="feed" aria-label="Commits" aria-busy=${reading.busy}>
      ${entries.map((entry) => html`<${Entry} key=${entry.seq} entry=${entry} />`)}
    </div>
    ${reading.error && html`<${Problem}>Commits cannot be read: ${reading.error}.
      <button type="button" class="quiet" onClick=${() => reading.again()}>Try again</button><//>`}
    ${!head && html`<${Empty} title="Nothing has happened yet" />`}
    ${reading.below === 0 && filtered && !entries.length && html`<${Empty} title="No commit is like that"><p>None of ${many(head, "commit")} has all that is asked for.</p><//>`}
    ${reading.over && entries.length > 0 && html`<p class="end">${reading.full && reading.below ? `The last ${many(entries.length, "commit")} are shown: go back in time for what was before.` : filtered ? "That is all." : "This is where it began."}</p>`}
    ${head > 0 && !reading.over && !reading.error && html`<${Waiting}>${filtered && reading.below ? `Looking below #${reading.below}` : "Reading commits"}<//>`}
    <div ref=${end} />
  </section>`;
}

// What the address asks for, as the hub is asked for it.
function useFilters() {
  const { query } = app.route;
  const typed = (query.get("q") ?? "").trim().slice(0, LONGEST);
  const [text, setText] = useState(typed);
  useEffect(() => {
    const timer = setTimeout(() => setText(typed), PAUSE);
    return () => clearTimeout(timer);
  }, [typed]);
  const asked = { text, kind: query.get("kind"), author: query.get("author") };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value));
}

// One reading for each profile, moment and choice.
function useReading(filters) {
  const [, tell] = useState(0);
  const kept = useRef({ key: null });
  const key = JSON.stringify([app.profile?.id, app.route.at, filters]);
  if (kept.current.key !== key) {
    const reading = new Reading(app.profile?.id, filters, () => kept.current.reading === reading && tell((n) => n + 1));
    kept.current = { key, reading };
  }
  return kept.current.reading;
}

// Who has written anything that stands, or that is shown; the chosen one among them.
function authorsOf(world, entries) {
  const { index } = world;
  const writers = [...index.facets(index.stacks).writers, ...index.facets(index.components).writers];
  const known = [...writers.map((stamp) => app.commits.author(stamp)), ...entries.map((e) => e.author), app.route.query.get("author")];
  return [...new Set(known.filter(Boolean))].sort();
}

// Calls `near` when the element that it gives comes near what is in view.
function useNear(near, when) {
  const end = useRef(null);
  useEffect(() => {
    const seen = new IntersectionObserver(([entry]) => entry.isIntersecting && near(), { rootMargin: "600px" });
    seen.observe(end.current);
    return () => seen.disconnect();
  }, when);
  return end;
}
