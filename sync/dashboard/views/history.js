// What commits changed: differences as people read them, and the history of one entity or value.
import { html, useEffect, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { to } from "../lib/going.js";
import { gone } from "../lib/gone.js";
import { overlap, segments } from "../lib/paths.js";
import { event, many, spaced } from "../lib/words.js";
import { Checks, Verify, VerifyAll } from "./proof.js";
import { Comparing, Link, Problem, Time, Value, Waiting } from "./parts.js";

const FEW = 6; // differences of one entity that are shown at first
const PAGE = 50;

// One commit: who, when, why, and what it changed.
export function Entry({ entry, of }) {
  const { differences = [], left_out: leftOut = 0, turns = [] } = entry;
  const shown = of ? differences.filter((d) => of.path === undefined || overlap(d.path, of.path)) : differences;
  return html`<article class="entry" aria-label=${`commit ${entry.seq}`}>
    <header>
      <span class="author">${entry.author}</span>
      <span class="message">${entry.message || html`<span class="none">no message</span>`}</span>
      <span class="facts"><${Link} to=${`${location.pathname}?at=${entry.seq}`} title="Look at this moment">#${entry.seq}<//>
        <${Time} of=${entry.accepted} />
        ${entry.seq < (app.live?.seq ?? 0) && html`<${Comparing} from=${entry.seq}>Compare with now<//>`}
        <${Verify} entry=${entry} /></span>
    </header>
    ${turns.length > 0 && html`<p class="turns">${turns.map((turn, i) => html`${i > 0 && ", "}<${Turn} key=${turn.id} of=${turn} />`)}</p>`}
    <${Differences} of=${shown} bare=${Boolean(of)} />
    ${!differences.length && !turns.length && html`<p class="types">${(entry.types ?? []).map(event).join(", ")}</p>`}
    ${leftOut > 0 && html`<p class="types">and more of ${many(leftOut, "entity", "entities")}, too much to show</p>`}
    <${Checks} seq=${entry.seq} />
  </article>`;
}

// What a commit did to a conflict or a change request.
function Turn({ of: { kind, number, what } }) {
  const decided = ["ours", "theirs", "edited"].includes(what);
  return html`${decided ? "resolved" : what} <${Link} to=${to(`${kind}s`, String(number))}>${kind === "request" ? "change request" : kind} #${number}<//>${decided && ` (${what})`}`;
}

// Differences as `read_log` has them, entity by entity. `names` is the world, or what is like one, in which members
// are called something; that of now without it.
export function Differences({ of, bare, names = app.live }) {
  const groups = new Map();
  for (const difference of of) {
    if (!groups.has(difference.entity)) groups.set(difference.entity, []);
    groups.get(difference.entity).push(difference);
  }
  const [all, setAll] = useState(false);
  const entities = [...groups.values()];
  const shown = all ? entities : entities.slice(0, FEW);
  return html`${shown.map((those) => html`<${Group} key=${those[0].entity} of=${those} bare=${bare} names=${names} />`)}
    ${shown.length < entities.length && html`<button type="button" class="quiet" onClick=${() => setAll(true)}>
      Show ${many(entities.length - shown.length, "more entity", "more entities")}</button>`}`;
}

function Group({ of, bare, names }) {
  const [all, setAll] = useState(false);
  const named = of.find((d) => d.path === "/name");
  const sign = named && named.before === undefined ? "+" : named && named.after === undefined ? "−" : "";
  const values = of.filter((d) => !(sign && ["/name", "/component_type"].includes(d.path)));
  const shown = all ? values : values.slice(0, FEW);
  return html`<div class="group">
    ${!bare && html`<div class="what"><span class="sign sign-${sign === "+" ? "add" : sign ? "remove" : "edit"}" aria-hidden="true">${sign || "~"}</span>
      <span class="hidden">${sign === "+" ? "added" : sign ? "removed" : "changed"}</span>
      <${EntityName} of=${of[0]} gone=${sign === "−"} /></div>`}
    ${shown.length > 0 && html`<ul class="differences">${shown.map((d) => html`<${Difference} key=${d.path} of=${d} names=${names} />`)}</ul>`}
    ${shown.length < values.length && html`<button type="button" class="quiet" onClick=${() => setAll(true)}>
      Show ${many(values.length - shown.length, "more value")}</button>`}
  </div>`;
}

function EntityName({ of: { kind, name, component_type: type }, gone }) {
  const says = kind === "component" ? spaced(type) : kind;
  const where = kind === "stack" ? ["stacks", name] : kind === "component" ? ["components", type, name] : null;
  return html`<span class="kind">${says}</span> ${where && !gone ? html`<${Link} to=${to(...where)}>${name}<//>` : html`<b>${name}</b>`}`;
}

function Difference({ of: { path, before, after }, names }) {
  const [field, ...keys] = segments(path);
  const nameOf = (id) => names?.entities.get(id)?.name ?? gone(id)?.name;
  const member = field === "components" && keys.length === 2 && nameOf(keys[1]);
  const called = (value) =>
    Array.isArray(value) ? value.map(called) : (typeof value === "string" && nameOf(value)) || value;
  const named = (value) => (["default_stack", "components"].includes(field) ? called(value) : value);
  return html`<li>
    <span class="path">${[field, ...keys.slice(0, member ? 1 : keys.length)].join(" › ")}</span>
    ${member
      ? html`<span class=${after === undefined ? "was" : "now"}>${member}</span>`
      : html`${before !== undefined && html`<del class="was"><${Value} of=${named(before)} /></del>`}
          ${before !== undefined && after !== undefined && html`<span class="arrow" aria-hidden="true">→</span>`}
          ${after !== undefined && html`<ins class="now"><${Value} of=${named(after)} /></ins>`}`}
  </li>`;
}

// The commits that touched an entity, newest first; with `path`, that touched a value of it.
export function History({ id, path, seq }) {
  const [pages, setPages] = useState({ entries: [], over: false, error: "" });
  const load = async (before, entries) => {
    try {
      const question = { type: "read_log", profile: app.profile.id, before, most: PAGE, entity: id };
      const { entries: more = [] } = await app.connection.ask(question);
      app.commits.add(more);
      return { entries: [...entries, ...more], over: !more.length || more.length < PAGE, error: "" };
    } catch (error) {
      return { entries, over: false, error: error.message };
    }
  };
  useEffect(() => {
    let over = false;
    if (app.profile && app.connection) load(seq + 1, []).then((found) => over || setPages(found));
    return () => (over = true);
  }, [id, seq, app.profile?.id]);
  const entries = path === undefined ? pages.entries : pages.entries.filter((e) => touches(e, path));
  const last = pages.entries.at(-1);
  return html`${entries.length > 1 && html`<${VerifyAll} entries=${entries} />`}<div class="history">
    ${entries.map((entry) => html`<${Entry} key=${entry.seq} entry=${entry} of=${{ path }} />`)}
    ${pages.error && html`<${Problem}>The history cannot be shown: ${pages.error}<//>`}
    ${!pages.over && !pages.error && (last
      ? html`<button type="button" class="quiet" onClick=${async () => setPages(await load(last.seq, pages.entries))}>Show earlier</button>`
      : html`<${Waiting}>Reading the history<//>`)}
  </div>`;
}

const touches = (entry, path) => (entry.differences ?? []).some((d) => overlap(d.path, path));
