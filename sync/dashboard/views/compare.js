// Two moments beside each other: what was added, removed, changed and renamed in between.
import { html, useEffect, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { setQuery } from "../lib/going.js";
import { asJson, contrast, wordsOf } from "../lib/contrast.js";
import { place } from "../lib/route.js";
import { many, spaced, when } from "../lib/words.js";
import { segments } from "../lib/paths.js";
import { Choice, Search } from "./filters.js";
import { Copy, Download, Empty, Link, Problem, Value, Waiting } from "./parts.js";

const PAGE = 100, FEW = 12; // entities, and values of one, that are shown at first
const SIGNS = { added: "+", removed: "−", changed: "~", renamed: "~" };
const NOW = "now";

export function Compare() {
  const { query, profile } = app.route;
  const { seq: head, index } = app.live;
  const said = { from: query.get("from") || lately(head, index.tags), to: query.get("to") || NOW };
  const before = momentOf(said.from, head, index.tags), after = momentOf(said.to, head, index.tags);
  const found = useContrast(before, after);
  const words = (query.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const kind = query.get("kind"), change = query.get("change");
  const groups = found.differs?.groups ?? [];
  const shown = groups.filter((g) => (!kind || g.kind === kind) && (!change || g.change === change)
    && words.every((word) => wordsOf(g, found.differs.names).includes(word)));
  const filtered = words.length > 0 || kind || change;
  const text = () => asJson(profile, found.differs, shown);
  return html`<section class="view compare">
    <header class="view-head">
      <h1 tabindex="-1">Compare</h1>
      <${Moment} label="From" name="from" said=${said.from} seq=${before} />
      <button type="button" class="quiet" aria-label="Swap the two moments" title="Swap"
        onClick=${() => setQuery({ from: said.to, to: said.from })}>⇄</button>
      <${Moment} label="To" name="to" said=${said.to} seq=${after} />
      <datalist id="moments"><option value=${NOW} />${index.tags.map((tag) => html`<option key=${tag.name} value=${tag.name}>#${tag.seq}</option>`)}</datalist>
    </header>
    <header class="view-head">
      <${Search} label="Search differences" />
      <div class="filters" role="search">
        <${Choice} name="kind" title="Of" options=${each(groups, "kind")} />
        <${Choice} name="change" title="What" options=${each(groups, "change")} />
        ${filtered && html`<button type="button" class="quiet" onClick=${() => setQuery({ q: null, kind: null, change: null })}>Clear</button>`}
      </div>
      <${Counts} of=${shown} />
      ${shown.length > 0 && html`<div class="tools"><${Copy} text=${text}>Copy JSON<//>
        <${Download} text=${text} kind="application/json" name=${`differences-${found.differs.before}-${found.differs.after}.json`} /></div>`}
    </header>
    ${[[said.from, before], [said.to, after]].map(([one, seq]) => seq === null && html`<${Problem} key=${one}>
      ${one} is no moment of this profile: say a number from 0 to ${head}, the name of a tag, or “now”.<//>`)}
    ${found.error && html`<${Problem}>The two moments cannot be compared: ${found.error}
      <button type="button" class="quiet" onClick=${found.again}>Try again</button><//>`}
    ${before !== null && after !== null && !found.error && !found.differs && html`<${Waiting}>Comparing<//>`}
    ${found.differs && !groups.length && html`<${Empty} title="Nothing differs"><p>Both moments hold the same values.</p><//>`}
    ${groups.length > 0 && !shown.length && html`<${Empty} title="No difference is like that"><p>None of ${groups.length} has all that is asked for.</p><//>`}
    ${shown.length > 0 && html`<${Groups} key=${app.route.query.toString()} of=${shown} differs=${found.differs} />`}
  </section>`;
}

// The last moment that was given a name; else the last but this.
const lately = (head, tags) => tags.find((tag) => tag.seq < head)?.name ?? String(Math.max(0, head - 1));

// The seq that somebody means by a number, a tag or "now"; null for none.
function momentOf(text, head, tags) {
  if (text === NOW) return head;
  if (/^#?\d+$/.test(text)) return Math.min(Number(text.replace("#", "")), head);
  return tags.find((tag) => tag.name === text)?.seq ?? null;
}

// What the hub says of two moments; what was shown stays until the next is there.
function useContrast(before, after) {
  const [found, setFound] = useState({});
  const [tried, setTried] = useState(0);
  useEffect(() => {
    if (before === null || after === null || !app.profile || !app.connection) return undefined;
    let over = false;
    const keep = (next) => over || setFound(next);
    contrast(app.connection, app.profile.id, before, after).then(
      (differs) => keep({ differs }),
      (error) => keep({ error: error.message }),
    );
    return () => (over = true);
  }, [before, after, app.profile?.id, tried]);
  useEffect(() => {
    if (found.error && app.status.name === "open") setTried(tried + 1);
  }, [app.status.name]);
  const asked = before !== null && after !== null;
  return { ...(asked ? found : {}), again: () => setTried(tried + 1) };
}

const each = (groups, field) => [...new Set(groups.map((g) => g[field]))].sort().map((value) => [value]);

// A field for one of the two moments, and who made its commit.
function Moment({ label, name, said, seq }) {
  const commit = seq ? app.commits.of(seq) : null;
  const choose = (event) => setQuery({ [name]: event.currentTarget.value.trim() });
  return html`<div class="point"><label for=${name}>${label}</label>
    <input id=${name} aria-describedby=${`${name}-is`} value=${said} list="moments" autocomplete="off" spellcheck="false" onChange=${choose} aria-invalid=${seq === null}
      onFocus=${(e) => e.currentTarget.select()} />
    <span class="muted" id=${`${name}-is`}>${seq === 0 ? "before all" : seq !== null && html`#${seq}${commit && ` ${commit.author}, ${when(commit.accepted)}`}`}</span>
  </div>`;
}

function Counts({ of }) {
  const counts = Object.keys(SIGNS).map((change) => [change, of.filter((g) => g.change === change).length]);
  return html`<span class="count" role="status">${many(of.length, "entity", "entities")}
    ${counts.filter(([, n]) => n).map(([change, n]) => html`<span key=${change}> · ${n} ${change}</span>`)}</span>`;
}

function Groups({ of, differs }) {
  const [most, setMost] = useState(PAGE);
  return html`<div class="contrast" role="list" aria-label="Differences">
      <div class="sides" aria-hidden="true"><span /><b>#${differs.before}</b><b>#${differs.after}</b></div>
      ${of.slice(0, most).map((group) => html`<${Group} key=${group.entity} of=${group} differs=${differs} />`)}</div>
    ${of.length > most && html`<button type="button" class="quiet" onClick=${() => setMost(most + PAGE)}>
      Show ${many(Math.min(PAGE, of.length - most), "more entity", "more entities")}</button>`}`;
}

function Group({ of, differs }) {
  const { kind, type, name, was, change, values } = of;
  const [all, setAll] = useState(false);
  const shown = all ? values : values.slice(0, FEW);
  const where = kind === "stack" ? ["stacks", name] : kind === "component" ? ["components", type, name] : null;
  const at = change === "removed" ? differs.before : differs.after;
  return html`<div class="entity" role="listitem">
    <h2 class="what"><span class=${`sign sign-${change === "added" ? "add" : change === "removed" ? "remove" : "edit"}`} aria-hidden="true">${SIGNS[change]}</span>
      <span class="kind">${kind === "component" ? spaced(type) : kind}</span> ${where ? html`<${Link} to=${`${place(app.route.profile, ...where)}?at=${at}`}>${name}<//>` : html`<b>${name}</b>`}
      <span class="kind">${change}${change === "renamed" && html`, was <b>${was}</b>`}</span></h2>
    ${shown.length > 0 && html`<table><thead class="hidden"><tr><th>Value</th><th>Before</th><th>After</th></tr></thead>
      <tbody>${shown.map((d) => html`<${Row} key=${d.path} of=${d} names=${differs.names} />`)}</tbody></table>`}
    ${shown.length < values.length && html`<button type="button" class="quiet" onClick=${() => setAll(true)}>
      Show ${many(values.length - shown.length, "more value")}</button>`}
  </div>`;
}

function Row({ of: { kind, path, before, after }, names }) {
  const keys = segments(path);
  const member = kind === "stack" && keys[0] === "components" && keys.length === 3;
  const named = kind === "stack" ? keys[0] === "components" : kind === "profile" && keys[0] === "default_stack";
  const told = (value) => (value === undefined ? undefined : member ? names.get(keys[2]) ?? keys[2] : named ? nameOf(value, names) : value);
  return html`<tr><th scope="row">${(member ? keys.slice(0, 2) : keys).map((key, i) => html`${i > 0 && html`<span class="dot"> › </span>`}${key}`)}</th>
    <td>${before !== undefined && html`<del class="was"><${Value} of=${told(before)} /></del>`}</td>
    <td>${after !== undefined && html`<ins class="now"><${Value} of=${told(after)} /></ins>`}</td></tr>`;
}

const nameOf = (value, names) => (Array.isArray(value) ? value.map((each) => nameOf(each, names)) : names.get(value) ?? value);
