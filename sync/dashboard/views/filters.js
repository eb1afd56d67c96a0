// What is looked for: words, and choices, all of them in the address.
import { html, useEffect, useMemo, useState } from "../lib/html.js";
import { app, changed } from "../lib/app.js";
import { setQuery } from "../lib/going.js";
import { componentsOf, labelsOf } from "../lib/world.js";
import { Mark } from "./icons.js";

const DAY = 864e5;
const SINCE = { "1": "in the last day", "7": "in the last week", "30": "in the last month" };

export const Search = ({ label }) => html`<label class="search">
  <${Mark} of="search" /><span class="hidden">${label}</span>
  <input type="search" id="search" placeholder=${label} autocomplete="off" spellcheck="false" aria-keyshortcuts="/"
    value=${app.route.query.get("q") ?? ""} onInput=${(e) => setQuery({ q: e.currentTarget.value })} />
  <kbd aria-hidden="true">/</kbd>
</label>`;

export const Choice = ({ name, title, options }) => html`<label class="choice">
  <span class="hidden">${title}</span>
  <select value=${app.route.query.get(name) ?? ""} onChange=${(e) => setQuery({ [name]: e.currentTarget.value })}>
    <option value="">${title}: any</option>
    ${options.map(([value, text = value]) => html`<option key=${value} value=${value}>${title}: ${text}</option>`)}
  </select>
</label>`;

export const each = (values) => values.map((value) => [value]);

// What cells of rows say depends on: where this is the same, they say the same.
export const freshness = (index) => [index, app.commits.known, Math.floor(Date.now() / 6e4)].map(tagOf).join();

const tags = new WeakMap();
let lastTag = 0;

function tagOf(of) {
  if (typeof of !== "object") return of;
  if (!tags.has(of)) tags.set(of, ++lastTag);
  return tags.get(of);
}

// Rows by what the address says, and the controls that say it. Each row has `entity` and `last`.
export function useFilters(world, rows) {
  const { query } = app.route;
  const words = (query.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = Object.fromEntries(["flavor", "label", "author", "since"].map((n) => [n, query.get(n)]));
  const since = useSince(chosen.since, world.seq);
  const { index } = world;
  const ofRow = (row, test) => test(row.entity) || componentsOf(row).some(test);
  const fits = (row) =>
    words.every((word) => index.words(row).includes(word)) &&
    (!chosen.flavor || componentsOf(row).some((c) => c.flavor === chosen.flavor)) &&
    (!chosen.label || ofRow(row, (entity) => labelsOf(entity).includes(chosen.label))) &&
    (!chosen.author || ofRow(row, (entity) => isBy(entity, chosen.author))) &&
    (since === null || row.last[0] >= since);
  // The very same list, as long as it is of the same rows and of the same choice.
  const found = useMemo(() => rows.filter(fits), [rows, query.toString(), since, chosen.author && app.commits.version]);
  const { flavors, labels, writers } = index.facets(rows);
  const authors = new Set(writers.map((stamp) => app.commits.author(stamp)).filter(Boolean));
  const controls = html`<div class="filters" role="search">
    <${Choice} name="flavor" title="Flavor" options=${each(flavors)} />
    <${Choice} name="label" title="Label" options=${each(labels)} />
    <${Choice} name="author" title="Changed by" options=${each([...authors].sort())} />
    <${Choice} name="since" title="Changed" options=${Object.entries(SINCE)} />
    ${(words.length > 0 || Object.values(chosen).some(Boolean)) && html`<button type="button" class="quiet"
      onClick=${() => setQuery({ q: null, flavor: null, label: null, author: null, since: null })}>Clear</button>`}
  </div>`;
  return { found, controls };
}

const isBy = (entity, author) => Object.values(entity.stamps).some((stamp) => app.commits.author(stamp) === author);

// The seq of the first commit of the last so many days; null without a choice, or until it is known.
function useSince(days, head) {
  const [seq, setSeq] = useState(null);
  useEffect(() => {
    setSeq(null);
    if (!days || !app.connection) return undefined;
    let over = false;
    app.commits.since(Date.now() - Number(days) * DAY, head).then(
      (found) => !over && (setSeq(found), changed()),
      () => {}, // Without the hub, nobody knows: all rows stay.
    );
    return () => (over = true);
  }, [days, app.connection]);
  return seq;
}
