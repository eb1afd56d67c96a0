// Who changed what among the people, and when: newest first.
import { html, useEffect, useState } from "../../lib/html.js";
import { app } from "../../lib/app.js";
import { segments } from "../../lib/paths.js";
import { event } from "../../lib/words.js";
import { Problem, Time, Value, Waiting } from "../parts.js";
import { profileName, scopeName } from "./scope.js";

const PAGE = 50;

export function History({ crowd }) {
  const { people } = app;
  const seq = people.live.seq;
  const [found, setFound] = useState({ entries: [], over: false, error: "" });
  async function load(before, most, after) {
    try {
      const { entries = [] } = await people.connection.ask({ type: "read_log", profile: people.id, before, most });
      people.commits.add(entries);
      setFound(({ entries: known }) => {
        const all = new Map([...(after(known) ? known : []), ...entries].map((entry) => [entry.seq, entry]));
        const sorted = [...all.values()].sort((a, b) => b.seq - a.seq);
        return { entries: sorted, over: !sorted.length || sorted.at(-1).seq <= 1, error: "" };
      });
    } catch (error) {
      setFound(({ entries }) => ({ entries, over: false, error: error.message }));
    }
  }
  const newest = found.entries[0]?.seq ?? 0;
  useEffect(() => {
    // What is new follows what is known, unless that is more than a page.
    if (newest < seq) load(seq + 1, PAGE, () => seq - newest <= PAGE);
  }, [seq, app.status.name]);
  const { entries, over, error } = found;
  return html`<div class="page">
    <div class="log" role="feed" aria-label="What changed among the people" aria-busy=${!entries.length}>
      ${entries.map((entry) => html`<${Entry} key=${entry.seq} entry=${entry} crowd=${crowd} />`)}</div>
    ${error && html`<${Problem}>The history cannot be shown: ${error}<//>`}
    ${!entries.length && !error && html`<${Waiting}>Reading the history<//>`}
    ${entries.length > 0 && (over
      ? html`<p class="end">This is where it began.</p>`
      : html`<div class="tools"><button type="button" class="quiet" onClick=${() => load(entries.at(-1).seq, PAGE, () => true)}>Show earlier</button></div>`)}
  </div>`;
}

function Entry({ entry, crowd }) {
  const groups = Map.groupBy(entry.differences ?? [], (difference) => difference.entity);
  return html`<article class="entry" aria-label=${`commit ${entry.seq}`}>
    <header>
      <span class="author">${entry.author}</span>
      <span class="message">${entry.message || html`<span class="none">no message</span>`}</span>
      <span class="facts">#${entry.seq} <${Time} of=${entry.accepted} /></span>
    </header>
    ${[...groups].map(([id, those]) => html`<${Changed} key=${id} of=${those} crowd=${crowd} />`)}
    ${!groups.size && html`<p class="types">${(entry.types ?? []).map(event).join(", ")}</p>`}
  </article>`;
}

function Changed({ of, crowd }) {
  const values = new Map(of.map((difference) => [difference.path, difference]));
  const named = values.get("/name") ?? values.get("/subject");
  const sign = !named ? "~" : named.before === undefined ? "+" : named.after === undefined ? "−" : "~";
  const { kind, name } = of[0];
  if (kind === "assignment" && sign !== "~") {
    const [subject, role, scope] = ["/subject", "/role", "/scope"].map((path) => values.get(path)?.after ?? values.get(path)?.before ?? "");
    return html`<${Line} sign=${sign}>role <b>${crowd.role(role)}</b> of <b>${crowd.name(subject)}</b> for ${scopeName(crowd, scope)}<//>`;
  }
  const told = sign === "−" ? [] : of.filter(sign === "+" ? isSpecial : ({ path }) => !HIDDEN.has(path));
  return html`<${Line} sign=${sign}><span class="kind">${kind}</span> <b>${name}</b><//>
    ${told.length > 0 && html`<ul class="differences">${told.map((each) => html`<${Difference} key=${each.path} of=${each} crowd=${crowd} />`)}</ul>`}`;
}

// What only programs read.
const HIDDEN = new Set(["/created", "/lifetime", "/public"]);

// Of what is new, what is not so of all that are.
const isSpecial = ({ path, after }) =>
  !HIDDEN.has(path) && !["/name", "/active"].includes(path) && ![false, "", null].includes(after);

const SETS = new Set(["members", "profiles", "permissions", "teams"]);

const SAID = { "+": ["add", "added"], "−": ["remove", "removed"], "~": ["edit", "changed"] };
const Line = ({ sign, children }) => html`<div class="what"><span class="sign sign-${SAID[sign][0]}" aria-hidden="true">${sign}</span>
  <span class="hidden">${SAID[sign][1]}</span> ${children}</div>`;

function Difference({ of: { path, before, after }, crowd }) {
  const [field, ...keys] = segments(path);
  if (SETS.has(field) && keys.length) {
    const name = nameIn(crowd, field, keys[0]);
    return html`<li><span class="path">${field}</span>${after === undefined ? html`<del class="was">${name}</del>` : html`<ins class="now">${name}</ins>`}</li>`;
  }
  const shown = (value) => (field === "expires" && value ? html`<${Time} of=${value} />` : html`<${Value} of=${known(crowd, field, value)} />`);
  return html`<li><span class="path">${[field, ...keys].join(" › ")}</span>
    ${before !== undefined && html`<del class="was">${shown(before)}</del>`}
    ${before !== undefined && after !== undefined && html`<span class="arrow" aria-hidden="true">→</span>`}
    ${after !== undefined && html`<ins class="now">${shown(after)}</ins>`}</li>`;
}

// What an id in such a set is called.
const nameIn = (crowd, field, id) => (field === "profiles" ? profileName(id) : field === "permissions" ? id : crowd.name(id));

// Ids by their names, as far as they are known now.
function known(crowd, field, value) {
  if (field === "user") return crowd.name(value);
  if (field === "role") return value && crowd.role(value);
  if (field === "scope") return scopeName(crowd, value);
  if (SETS.has(field) && value) return (Array.isArray(value) ? value : Object.keys(value)).map((id) => nameIn(crowd, field, id)).join(", ");
  return value;
}
