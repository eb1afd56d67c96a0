// The page around every form: its two sides (fields and YAML), what was restored, what others did, and saving.
import { html, useRef, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { go, to } from "../lib/going.js";
import { drop } from "../lib/edits.js";
import { isMap } from "../lib/exact.js";
import { segments } from "../lib/paths.js";
import { Empty, Link, Time } from "../views/parts.js";
import { newsOf, outcomeOf, seen, useForm } from "./editing.js";
import { textOf } from "./files.js";
import { suggested } from "./form.js";
import { Became, Saving } from "./saving.js";

// `plaintext(entity)` gives the keys at which credentials would stand. `fields({ form, patch, faultAt, newsAt })` makes the fields; `what` is what people call such a thing; `leave` where to.
export function Editor({ place, kind, what, row, world, begin, fields, leave, plaintext = () => [] }) {
  const { state, set, discard } = useForm({ place, kind, id: row?.id, entity: row?.entity, seq: world.seq, begin });
  const [became, setBecame] = useState(null);
  const { form, opened } = state;
  const outcome = outcomeOf(state, world);
  const live = opened && world.entities.get(state.id);
  const news = new Map(newsOf(state, world));
  const faults = new Map(outcome.faults);
  // What was refused is told until something is changed; saving that takes its place.
  const heard = state.refused && { ...state.refused, sentence: "" };
  const patch = (change) => set({ form: { ...form, ...change }, refused: heard });
  const newsAt = (path) => {
    const at = [...news.keys()].find((one) => one === path || one.startsWith(path + "/"));
    if (at === undefined) return null;
    return { path: at, entity: live, value: lookup(live, segments(at).slice(0, 2)), mine: outcome.changes.some(({ body }) => writes(body, at)),
      use: () => set(seen(state, live, at, world, { use: true })), keep: () => set(seen(state, live, at, world, { use: false })) };
  };
  const saved = async (answer) => {
    const before = state.refused;
    if (answer.outcome === "rejected") {
      set({ refused: { id: answer.id, sentence: answer.sentence } });
      if (before) await drop(before.id);
      return;
    }
    discard();
    if (before) await drop(before.id);
    if (answer.outcome === "conflict" || answer.outcome === "requested") setBecame(answer);
    else go(leave(outcome.entity));
  };
  // What was there before was allowed, or nobody minds.
  const open = outcome.changes.length ? plaintext(outcome.entity).filter((key) => opened?.config?.[key] !== outcome.entity.config[key]) : [];
  const allowed = open.map((key) => `${outcome.entity.component_type}/${outcome.entity.name}: config.${key}`);
  const name = opened?.name ?? form.name;
  const title = opened ? `Edit ${opened.name}` : `New ${what}`;
  if (became) return html`<section class="view page"><h1 tabindex="-1">${title}</h1><${Became} answer=${became} />
    <p><${Link} to=${opened ? leave(opened) : to()}>Back<//></p></section>`;
  return html`<section class="view page editor">
    <header class="page-head"><h1 tabindex="-1">${title}</h1>
      <p class="under">${opened ? `${what}, opened at #${state.base}` : `in ${app.route.profile}`}</p></header>
    ${state.time && html`<p class="note" role="status">What you typed here <${Time} of=${state.time} /> is here again, and not saved yet.
      <button type="button" class="quiet" onClick=${discard}>Discard it</button></p>`}
    ${opened && !live && html`<p class="note" role="status">${opened.name} was deleted meanwhile. What you typed stays here.</p>`}
    <${Sides} state=${state} set=${set} outcome=${outcome} world=${world}>
      ${fields({ form, patch, faultAt: (at) => faults.get(at), newsAt, name })}
    <//>
    <${Saving} changes=${outcome.changes} base=${state.base} faults=${outcome.fault ? [`line ${outcome.fault.line} cannot be read`] : [...new Set(faults.values())]} message=${state.message}
      setMessage=${(message) => set({ message })} suggestion=${outcome.changes.length ? suggested(opened, outcome.entity, what) : "Message"}
      says=${opened ? "Save" : `Register the ${what}`} refused=${state.refused} saved=${saved} plaintext=${allowed}
      cancel=${() => (discard(), go(opened ? leave(opened) : to(...(kind === "stack" ? [] : ["components"]))))} />
  </section>`;
}

const lookup = (value, keys) => keys.reduce((inner, key) => (isMap(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined), value);

const writes = ({ set = {}, unset = [], name }, path) =>
  (path === "/name" && name !== undefined) || [...Object.keys(set), ...unset].some((at) => at === path || at.startsWith(path + "/") || path.startsWith(at + "/"));

const SIDES = [["fields", "Form"], ["yaml", "YAML"]];

// Two sides of one thing: what is written on one is on the other.
function Sides({ state, set, outcome, world, children }) {
  const side = state.yaml === null ? "fields" : "yaml";
  const tabs = useRef(null);
  const stuck = side === "yaml" ? Boolean(outcome.fault) : outcome.faults.some(([at]) => at.includes("/"));
  const turn = (to) => {
    if (to === side || stuck) return;
    const text = to === "yaml" ? textOf(state.form, world) : null;
    set(text === null ? { yaml: null, form: outcome.read } : { yaml: text, written: text });
  };
  const moved = (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    turn(side === "yaml" ? "fields" : "yaml");
    tabs.current.querySelector(`[aria-selected="false"]:not([aria-disabled])`)?.focus();
  };
  return html`<div class="sides" role="tablist" aria-label="How to edit" ref=${tabs} onKeyDown=${moved}>
      ${SIDES.map(([name, title]) => html`<button type="button" role="tab" key=${name} id=${`tab-${name}`} aria-selected=${side === name ? "true" : "false"}
        aria-controls="side" aria-disabled=${stuck && side !== name ? "true" : undefined} tabindex=${side === name ? 0 : -1} onClick=${() => turn(name)}>${title}</button>`)}
      ${stuck && html`<span class="hint">Mend what cannot be read before you turn to the other side.</span>`}
    </div>
    <div id="side" role="tabpanel" aria-labelledby=${`tab-${side}`} class="side-panel">
      ${side === "fields" ? children : html`<${YamlSide} text=${state.yaml} fault=${outcome.fault} set=${(yaml) => set({ yaml, refused: state.refused && { ...state.refused, sentence: "" } })} />`}
    </div>`;
}

function YamlSide({ text, fault, set }) {
  const area = useRef(null);
  const show = () => {
    const lines = text.split("\n");
    const begins = lines.slice(0, fault.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
    area.current.focus();
    area.current.setSelectionRange(begins, begins + (lines[fault.line - 1]?.length ?? 0));
    area.current.scrollTop = (fault.line - 4) * (area.current.scrollHeight / lines.length);
  };
  const drop = async (event) => {
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    set(await file.text());
  };
  return html`<label for="yaml-text" class="hidden">YAML</label>
    <textarea id="yaml-text" ref=${area} class="mono" rows=${Math.min(32, Math.max(14, text.split("\n").length + 1))} value=${text} spellcheck=${false}
      aria-invalid=${fault ? "true" : undefined} aria-describedby="yaml-says" onInput=${(e) => set(e.currentTarget.value)} onDrop=${drop} />
    <div id="yaml-says">${fault
      ? html`<p class="fault" role="alert">Line ${fault.line}: ${fault.message}${fault.hint && `; ${fault.hint}`}.
          <button type="button" class="quiet" onClick=${show}>Show line ${fault.line}</button></p>`
      : html`<p class="hint">As the files of <code>stackroom profile export</code>: paste one, or drop a file here.</p>`}</div>`;
}

// There is nothing to edit at this address, or this is not the moment, or not for this person.
export const Cannot = ({ title, children }) => html`<section class="view"><${Empty} whole title=${title}>${children}<//></section>`;
