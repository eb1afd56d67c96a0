// What a form knows while somebody types: what it was opened upon, what it would change, and what others changed since.
import { useEffect, useRef, useState } from "../lib/html.js";
import * as drafts from "../lib/drafts.js";
import { newId } from "../lib/edits.js";
import { isMap } from "../lib/exact.js";
import { segments } from "../lib/paths.js";
import { changesOf, differences, entityOf, formOf, newForm, registration } from "./form.js";
import { YamlFault } from "./yaml_reader.js";
import { formFrom } from "./files.js";

const PAUSE = 250; // milliseconds after which what is typed is kept

const bare = ({ stamps, ...entity }) => entity;

// The state of a form at `place`: of the entity `id`, or of a new one. A draft that was kept there goes before both.
export function useForm({ place, kind, id, entity, seq, begin }) {
  const [state, setState] = useState(() => drafts.kept(place) ?? opened({ kind, id, entity, seq, begin }));
  const latest = useRef(state);
  const timer = useRef(0);
  latest.current = state;
  const flush = () => {
    clearTimeout(timer.current);
    if (!timer.current) return;
    timer.current = 0;
    if (isDirty(latest.current)) drafts.keep(place, latest.current);
    else drafts.discard(place);
  };
  useEffect(() => {
    const leaving = (event) => {
      flush();
      if (isDirty(latest.current)) event.preventDefault();
    };
    addEventListener("beforeunload", leaving);
    addEventListener("pagehide", flush);
    return () => {
      flush();
      removeEventListener("beforeunload", leaving);
      removeEventListener("pagehide", flush);
    };
  }, []);
  const set = (patch) => {
    latest.current = { ...latest.current, ...patch };
    setState(latest.current);
    clearTimeout(timer.current);
    timer.current = setTimeout(flush, PAUSE);
  };
  const discard = () => {
    clearTimeout(timer.current);
    timer.current = 0;
    drafts.discard(place);
    latest.current = opened({ kind, id, entity, seq, begin });
    setState(latest.current);
  };
  return { state, set, discard };
}

const opened = ({ kind, id, entity, seq, begin }) => ({
  id: id ?? newId(), base: seq, opened: entity ? bare(entity) : null, form: entity ? formOf(entity) : { ...newForm(kind), ...begin }, yaml: null, message: "", refused: null,
});

const isDirty = ({ form, opened, yaml, written }) =>
  (yaml !== null && yaml !== written) || JSON.stringify(form) !== JSON.stringify(opened ? formOf(opened) : newForm(form.kind));

// What the form comes to: { entity, faults, changes }. Where its text cannot be read, there is nothing to propose.
export function outcomeOf({ id, opened, form, yaml }, world) {
  let read = form;
  if (yaml !== null) {
    try {
      read = formFrom(yaml, form, world, { fresh: !opened });
    } catch (fault) {
      if (!(fault instanceof YamlFault)) throw fault;
      return { entity: null, faults: [], fault, changes: [] };
    }
  }
  const { entity, faults } = entityOf(read);
  if (faults.length) return { entity, faults, changes: [], read };
  return { entity, faults, read, changes: opened ? changesOf(id, opened, entity) : registration(id, entity) };
}

// What stands otherwise than when the form was opened: [path, value] by path.
export function newsOf({ opened, id }, world) {
  const live = opened && world.entities.get(id);
  if (!live) return [];
  const named = live.name === opened.name ? [] : [["/name", live.name]];
  return [...named, ...differences(opened, bare(live))];
}

// Takes what stands now for what was seen when the form was opened; with `use`, into the form, too.
export function seen(state, live, path, world, { use }) {
  const keys = segments(path).slice(0, path.startsWith("/components/") || path.split("/").length > 2 ? 2 : 1);
  const entity = placed(state.opened, keys, live);
  const form = use ? { ...state.form, ...taken(state.form, formOf(bare(live)), keys) } : state.form;
  const next = { ...state, opened: entity, form };
  const unseen = newsOf(next, world).map(([at]) => at);
  const mine = differences(entity, entityOf(form).entity).map(([at]) => at);
  const open = unseen.some((at) => mine.some((own) => own.startsWith(at) || at.startsWith(own)));
  return { opened: entity, form, base: open ? state.base : world.seq };
}

function placed(entity, [field, key], live) {
  if (key === undefined) return { ...entity, [field]: live[field] };
  const { [key]: before, ...others } = entity[field] ?? {};
  const now = isMap(live[field]) && Object.hasOwn(live[field], key) ? { [key]: live[field][key] } : {};
  return { ...entity, [field]: { ...others, ...now } };
}

function taken(form, live, [field, key]) {
  if (field === "components") return { members: { ...form.members, [key]: live.members[key] ?? [] } };
  if (field !== "config" && field !== "labels") return { [field]: live[field] };
  const at = form[field].findIndex((row) => row.key === key);
  const now = live[field].filter((row) => row.key === key);
  const rows = at < 0 ? [...form[field], ...now] : form[field].flatMap((row, i) => (i === at ? now : [row]));
  return { [field]: rows };
}
