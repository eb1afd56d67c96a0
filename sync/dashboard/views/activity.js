// The log, live: who changed what, newest first.
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { app, setQuery } from "../lib/app.js";
import { place } from "../lib/route.js";
import { many } from "../lib/words.js";
import { Search } from "./filters.js";
import { Entry } from "./history.js";
import { VerifyAll } from "./proof.js";
import { Empty, Link, Problem, Waiting } from "./parts.js";

const PAGE = 50, MOST = 2_000; // commits asked for at once, and kept on the page
const KINDS = ["stack", "component", "flavor", "profile", "tag", "conflict", "request"];

export function Activity({ world }) {
  const head = app.route.at ?? world.seq;
  const log = useRef(null);
  if (log.current?.profile !== app.profile?.id || log.current?.at !== app.route.at) {
    log.current = { profile: app.profile?.id, at: app.route.at, entries: [], over: false, busy: false, error: "" };
  }
  const [, tell] = useState(0);
  const mine = log.current;

  async function load(question) {
    if (mine.busy || !app.profile || !app.connection) return;
    mine.busy = true;
    try {
      const { entries = [] } = await app.connection.ask({ type: "read_log", profile: mine.profile, ...question });
      app.commits.add(entries);
      mine.error = "";
      const known = new Set(mine.entries.map((e) => e.seq));
      const fresh = entries.filter((e) => !known.has(e.seq));
      mine.entries = [...mine.entries, ...fresh].sort((a, b) => b.seq - a.seq).slice(0, MOST);
      const oldest = mine.entries.at(-1);
      mine.over = !oldest || oldest.seq <= 1 || mine.entries.length >= MOST;
    } catch (error) {
      mine.error = error.message;
    } finally {
      mine.busy = false;
      tell((n) => n + 1);
    }
  }
  const newest = mine.entries[0]?.seq ?? 0;
  // What is new: from the head down to what is known already, page by page.
  useEffect(() => {
    if (newest >= head || mine.error) return;
    const gap = head - newest;
    if (newest && gap > PAGE) mine.entries = [];
    load({ before: head + 1, most: Math.min(PAGE, newest ? gap : PAGE) });
  }, [head, newest, mine, mine.busy, app.connection, app.status.name]);

  const { query } = app.route;
  const words = (query.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const kind = query.get("kind"), author = query.get("author");
  const found = mine.entries.filter((e) =>
    (!author || e.author === author) && (!kind || isOf(e, kind)) && words.every((word) => wordsOf(e).includes(word)));
  const older = () => mine.entries.length && !mine.over && !mine.error && load({ before: mine.entries.at(-1).seq, most: PAGE });
  const end = useNear(older, [found.length, mine.entries.length, mine.over]);
  const authors = [...new Set(mine.entries.map((e) => e.author))].sort();
  const filtered = words.length > 0 || kind || author;
  return html`<section class="view activity">
    <header class="view-head">
      <h1 tabindex="-1">Activity</h1>
      <span class="count" role="status">${many(head, "commit")}</span>
      <${Search} label="Search commits" />
      <${Link} to=${place(app.route.profile, "compare")}>Compare two moments<//>
      <div class="filters" role="search">
        <${Choice} name="author" title="By" options=${authors} />
        <${Choice} name="kind" title="Of" options=${KINDS} />
        ${filtered && html`<button type="button" class="quiet" onClick=${() => setQuery({ q: null, kind: null, author: null })}>Clear</button>`}
      </div>
      ${found.length > 0 && html`<${VerifyAll} entries=${found} />`}
    </header>
    <div class="log" role="feed" aria-label="Commits" aria-busy=${mine.busy}>
      ${found.map((entry) => html`<${Entry} key=${entry.seq} entry=${entry} />`)}
    </div>
    ${mine.error && html`<${Problem}>Commits cannot be read: ${mine.error}.
      <button type="button" class="quiet" onClick=${() => ((mine.error = ""), tell((n) => n + 1))}>Try again</button><//>`}
    ${!head && html`<${Empty} title="Nothing has happened yet" />`}
    ${mine.over && filtered && html`<p class="end">That is all, of the last ${many(mine.entries.length, "commit")}.</p>`}
    ${mine.over && !filtered && mine.entries.length > 0 && html`<p class="end">${mine.entries.at(-1).seq <= 1 ? "This is where it began." : `The last ${many(MOST, "commit")} are shown: go back in time for what was before.`}</p>`}
    ${!mine.over && !mine.error && html`<${Waiting}>Reading commits<//>`}
    <div ref=${end} />
  </section>`;
}

const Choice = ({ name, title, options }) => html`<label class="choice"><span class="hidden">${title}</span>
  <select value=${app.route.query.get(name) ?? ""} onChange=${(e) => setQuery({ [name]: e.currentTarget.value })}>
    <option value="">${title}: any</option>
    ${options.map((value) => html`<option key=${value} value=${value}>${title}: ${value}</option>`)}
  </select></label>`;

const isOf = (entry, kind) => (entry.types ?? []).some((type) => type.toLowerCase().includes(kind));

const known = new WeakMap();
function wordsOf(entry) {
  if (!known.has(entry)) {
    const parts = (entry.differences ?? []).flatMap((d) => [d.name, d.path, String(d.after ?? ""), String(d.before ?? "")]);
    known.set(entry, [entry.author, entry.message, `#${entry.seq}`, ...parts].join("\n").toLowerCase());
  }
  return known.get(entry);
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
