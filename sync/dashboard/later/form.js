// A stack or component as somebody edits it: texts that are read only when they are asked for, so that nothing typed is
// lost or changed; and what to propose for it. All of it is JSON, for drafts.
import { isMap } from "../lib/exact.js";
import { pointer } from "../lib/paths.js";
import { isNumber, readingOf, shown, valued } from "./typing.js";

const row = ([key, value]) => ({ key, reading: readingOf(value), text: shown(value) });

export function formOf(entity) {
  const common = { name: entity.name, protected: entity.protected ?? false, labels: Object.entries(entity.labels ?? {}).map(row), extra: entity.extra ?? {} };
  if (entity.kind === "stack") return { ...common, kind: "stack", description: entity.description ?? "", members: entity.components ?? {} };
  return { ...common, kind: "component", type: entity.component_type, flavor: entity.flavor, config: Object.entries(entity.config ?? {}).map(row) };
}

export const newForm = (kind) =>
  formOf(kind === "stack" ? { kind, name: "" } : { kind, name: "", component_type: "", flavor: "" });

// The entity that a form comes to, and what cannot be read in it: [path, sentence].
export function entityOf(form) {
  const faults = [];
  const map = (field) => {
    const found = new Map();
    for (const [i, { key, reading, text }] of form[field].entries()) {
      if (!key && (!text || reading === "nothing")) continue;
      const { value, fault } = valued(text, reading);
      if (!key) faults.push([`${field}/${i}`, "this needs a key"]);
      else if (found.has(key)) faults.push([`${field}/${i}`, "this key is there already"]);
      else if (fault) faults.push([`${field}/${i}`, fault]);
      else found.set(key, value);
    }
    return Object.fromEntries(found);
  };
  const { kind, name, protected: marked, extra } = form;
  if (!name.trim()) faults.push(["name", "a name is needed"]);
  const common = { kind, name, labels: map("labels"), extra, protected: marked };
  if (kind === "stack") {
    const components = Object.fromEntries(Object.entries(form.members).filter(([, ids]) => ids.length));
    return { faults, entity: { ...common, description: form.description, components } };
  }
  if (!form.type) faults.push(["type", "a type is needed"]);
  if (!form.flavor) faults.push(["flavor", "a flavor is needed"]);
  return { faults, entity: { ...common, component_type: form.type, flavor: form.flavor, config: map("config") } };
}

// The fields of a kind that updates write, and what they are where nothing is said.
const FIELDS = {
  component: { flavor: "", protected: false, config: {}, labels: {}, extra: {} },
  stack: { description: "", protected: false, components: {}, labels: {}, extra: {} },
};

// [path, value] of all in which `to` differs from `from`; undefined is nothing.
export function differences(from, to) {
  return Object.entries(FIELDS[to.kind]).flatMap(([field, empty]) => {
    const before = from[field] ?? empty, after = to[field] ?? empty;
    if (field === "components") return members(before, after);
    return apart(before, after, pointer(field));
  });
}

function apart(before, after, path) {
  if (!isMap(before) || !isMap(after)) return same(before, after) ? [] : [[path, after]];
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key)).map((key) => [path + pointer(key), undefined]);
  return Object.entries(after).reduce((found, [key, value]) => {
    const at = path + pointer(key);
    return [...found, ...(Object.hasOwn(before, key) ? apart(before[key], value, at) : [[at, value]])];
  }, gone);
}

// Numbers are the same however they are written: 1e300 and 1.0e+300, but not 1 and 1.0.
const plain = (value) => {
  const text = String(value);
  return /[.eE]/.test(text) ? `${Number(text)}f` : text;
};

function same(a, b) {
  if (isNumber(a) && isNumber(b)) return plain(a) === plain(b);
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => same(item, b[i]));
  if (isMap(a) && isMap(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
  }
  return a === b;
}

// Adding and removing components leave alone what others add and remove; another order is a whole new list.
function members(before, after) {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((type) => {
    const were = before[type] ?? [], are = after[type] ?? [];
    const path = pointer("components", type);
    if (were.join() === are.join()) return [];
    if (!are.length) return [[path, undefined]];
    if (were.length && are.slice(0, were.length).join() === were.join()) return are.slice(were.length).map((id) => [path + pointer(id), true]);
    if (were.filter((id) => are.includes(id)).join() === are.join()) {
      return were.filter((id) => !are.includes(id)).map((id) => [path + pointer(id), undefined]);
    }
    return [[path, are]];
  });
}

const EVENT = { component: "Component", stack: "Stack" };

// What to propose so that the entity `id`, which was `from`, becomes `to`.
export function changesOf(id, from, to) {
  const named = EVENT[to.kind];
  const changes = [];
  if (from.name !== to.name) changes.push({ type: `${named}Renamed`, entity: id, body: { name: to.name } });
  const written = differences(from, to);
  const set = Object.fromEntries(written.filter(([, value]) => value !== undefined));
  const unset = written.filter(([, value]) => value === undefined).map(([path]) => path);
  const body = { ...(Object.keys(set).length && { set }), ...(unset.length && { unset }) };
  if (written.length) changes.push({ type: `${named}Updated`, entity: id, body });
  return changes;
}

// What to propose so that there is such an entity.
export function registration(id, { kind, ...to }) {
  const body = Object.fromEntries(Object.entries(to).filter(([key, value]) =>
    ["name", "component_type", "flavor"].includes(key) || !(value === "" || value === false || (isMap(value) && !Object.keys(value).length))));
  return [{ type: `${EVENT[kind]}Registered`, entity: id, body }];
}

// A message for whoever writes none.
export function suggested(from, to, what) {
  if (!from) return `Register ${what} ${to.name}`.trim();
  const named = from.name === to.name ? [] : [`now ${to.name}`];
  const keys = differences(from, to).map(([path]) => path.split("/").slice(1));
  const fields = [...new Set(keys.map(([field, key]) => (["config", "labels", "components"].includes(field) && key ? key : field)))];
  return `Change ${from.name}: ${[...named, ...fields].slice(0, 5).join(", ")}`.replaceAll("~1", "/").replaceAll("~0", "~");
}
