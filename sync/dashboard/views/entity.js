// The page of a stack, and that of a component.
import { html, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { to } from "../lib/going.js";
import { leaves, pointer, segments, written } from "../lib/paths.js";
import { many, spaced } from "../lib/words.js";
import { fileOf } from "../lib/yaml.js";
import { Actions } from "./actions.js";
import { History } from "./history.js";
import { FlavorIcon } from "./icons.js";
import { Runs } from "./runs.js";
import { Copy, Download, Empty, Labels, Link, Marks, Time, Value, Who } from "./parts.js";

export function StackPage({ world }) {
  const { name } = app.route;
  const row = world.index.stack(name);
  if (!row) return html`<${Absent} kind="stack" name=${name} world=${world} />`;
  const { id, entity } = row;
  const members = [...row.members].flatMap(([type, those]) => those.map((m, i) => ({ ...m, type, first: !i })));
  return html`<article class="view page">
    <header class="page-head">
      <h1 tabindex="-1"><${FlavorIcon} type="stack" />${name}</h1>
      <p class="under">stack <${Marks} ...${row} />${row.isDefault && " default of this profile"}${entity.protected && " protected"}</p>
      <${Labels} of=${entity.labels} />
      <${Actions} row=${row} world=${world} />
    </header>
    ${entity.description && html`<p class="lead">${entity.description}</p>`}
    <section aria-labelledby="made-of"><h2 id="made-of">Made of</h2>
      ${!members.length && html`<p class="none">No components yet.</p>`}
      <table class="members"><tbody>${members.map((m) => html`<tr key=${m.type + m.id}>
        <th scope="row">${m.first && spaced(m.type)}</th>
        <td><${Link} class="member" to=${to("components", m.type, m.entity.name)}>
          <${FlavorIcon} flavor=${m.entity.flavor} type=${m.type} /><span>${m.entity.name}</span><//><${Marks} entity=${m.entity} /></td>
        <td class="muted">${m.entity.flavor}</td>
        <td class="gist">${gist(m.entity)}</td>
        <td><${Who} stamp=${written(entity, pointer("components", m.type, m.id))} /></td>
      </tr>`)}</tbody></table>
    </section>
    <${Values} id=${id} entity=${entity} seq=${world.seq} fields=${["description", "labels", "extra", "protected"]} title="Values" />
    <${Yaml} entity=${entity} world=${world} />
    <${Runs} key=${id} id=${id} seq=${world.seq} ofStack=${name} />
    <section aria-labelledby="history"><h2 id="history">History</h2><${History} id=${id} seq=${world.seq} /></section>
  </article>`;
}

export function ComponentPage({ world }) {
  const { type, name } = app.route;
  const row = world.index.component(type, name);
  if (!row) return html`<${Absent} kind=${spaced(type)} name=${name} world=${world} />`;
  const { id, entity } = row;
  const uses = world.index.uses.get(id) ?? [];
  return html`<article class="view page">
    <header class="page-head">
      <h1 tabindex="-1"><${FlavorIcon} flavor=${entity.flavor} type=${type} />${name}</h1>
      <p class="under">${spaced(type)}, ${entity.flavor} <${Marks} entity=${entity} />${entity.protected && " protected"}</p>
      <${Labels} of=${entity.labels} />
      <${Actions} row=${row} world=${world} />
    </header>
    <${Values} id=${id} entity=${entity} seq=${world.seq} fields=${["config"]} title="Configuration" />
    <${Values} id=${id} entity=${entity} seq=${world.seq} fields=${["flavor", "labels", "extra", "protected"]} title="Other values" />
    <section aria-labelledby="used-in"><h2 id="used-in">Used in ${many(uses.length, "stack")}</h2>
      ${uses.length
        ? html`<ul class="uses">${uses.map((stack) => html`<li key=${stack.id}><${Link} to=${to("stacks", stack.name)}>${stack.name}<//><${Marks} ...${stack} /></li>`)}</ul>`
        : html`<p class="none">No stack has it.</p>`}
    </section>
    <${Yaml} entity=${entity} world=${world} />
    <${Runs} key=${id} id=${id} seq=${world.seq} />
    <section aria-labelledby="history"><h2 id="history">History</h2><${History} id=${id} seq=${world.seq} /></section>
  </article>`;
}

const gist = (entity) =>
  leaves(entity.config ?? {}, "").slice(0, 3).map(([path, value]) =>
    html`<span class="pair"><span class="key">${segments(path).join(".")}</span> <${Value} of=${value} /></span>`);

// Values of an entity, each with who wrote it, and its history on a click.
function Values({ id, entity, seq, fields, title }) {
  const [open, setOpen] = useState(null);
  const rows = fields.flatMap((field) =>
    field in entity && entity[field] !== "" ? leaves(entity[field], pointer(field)) : []);
  if (!rows.length && title !== "Configuration") return null;
  const label = title.toLowerCase().replaceAll(" ", "-");
  return html`<section aria-labelledby=${label}><h2 id=${label}>${title}</h2>
    ${!rows.length && html`<p class="none">Nothing is set: all is as the flavor has it.</p>`}
    ${rows.length > 0 && html`<table class="values"><thead class="hidden"><tr><th>Key</th><th>Value</th><th>Last change</th></tr></thead>
      <tbody>${rows.map(([path, value]) => html`<${ValueRow} key=${path} path=${path} value=${value} stamp=${written(entity, path)}
        bare=${fields.length === 1} open=${open === path} toggle=${() => setOpen(open === path ? null : path)}
        history=${() => html`<${History} id=${id} path=${path} seq=${seq} />`} />`)}</tbody></table>`}
  </section>`;
}

function ValueRow({ path, value, stamp, bare, open, toggle, history }) {
  const [told, setTold] = useState(false);
  const keys = segments(path).slice(bare ? 1 : 0);
  const tip = `blame${path.replaceAll(/[^\w-]/g, "-")}`;
  return html`<tr class=${open ? "open" : ""} onMouseEnter=${() => setTold(true)} onMouseLeave=${() => setTold(false)}>
      <th scope="row">${keys.map((key, i) => html`${i > 0 && html`<span class="dot"> › </span>`}${key}`)}</th>
      <td><button type="button" class="value" aria-expanded=${open} aria-describedby=${tip} onClick=${toggle}
          onFocus=${() => setTold(true)} onBlur=${() => setTold(false)}
          onKeyDown=${(e) => e.key === "Escape" && setTold(false)}><${Value} of=${value} /></button>
        <${Blame} id=${tip} stamp=${stamp} told=${told && !open} /></td>
      <td><${Who} stamp=${stamp} /></td>
    </tr>
    ${open && html`<tr class="below"><td colspan="3">${history()}</td></tr>`}`;
}

// Who wrote a value last, when and why.
function Blame({ id, stamp, told }) {
  const commit = app.commits.of(stamp[0]);
  return html`<span id=${id} class=${told ? "blame told" : "blame"} role="tooltip">
    ${commit?.pending
      ? "You wrote this; the hub has not taken it yet."
      : commit
      ? html`<b>${commit.author}</b> wrote this <${Time} of=${commit.accepted} /> in #${commit.seq}<br />
        <q>${commit.message || "no message"}</q><br /><span class="hint">Click for its history</span>`
      : `written in #${stamp[0]}`}
  </span>`;
}

function Yaml({ entity, world }) {
  const text = fileOf(entity, (id) => world.entities.get(id)?.name ?? id);
  return html`<section class="yaml" aria-labelledby="yaml"><h2 id="yaml">YAML</h2>
    <div class="tools"><${Copy} text=${text} /><${Download} text=${text} name=${`${entity.name.replaceAll(/[^\w.@+-]/g, "_")}.yaml`} /></div>
    <pre tabindex="0" aria-label="YAML">${text}</pre>
  </section>`;
}

// There is nothing of that name at that moment.
function Absent({ kind, name, world }) {
  const { at, type } = app.route;
  const { index } = app.live ?? world;
  const now = kind === "stack" ? index.stack(name) : index.component(type, name);
  return html`<section class="view"><${Empty} whole title=${`There is no ${kind} ${name}`}>
    <p>${at ? `At #${world.seq}, nothing had that name.` : "Nothing has that name in this profile now."}
      ${at && now ? " There is one now." : ""}</p>
    <p><${Link} to=${to()}>All stacks<//> · <${Link} to=${to("activity")}>Activity<//></p><//></section>`;
}
