// Paths into an entity are JSON Pointers (RFC 6901), as in events/values.py.
import { isMap } from "./exact.js";

export const pointer = (...segments) =>
  segments.map((s) => "/" + s.replaceAll("~", "~0").replaceAll("/", "~1")).join("");

export const segments = (path) =>
  path.split("/").slice(1).map((s) => s.replaceAll("~1", "/").replaceAll("~0", "~"));

// The stamp of what somebody has written here, and the hub has not taken yet: later than all others.
export const PENDING = [Number.MAX_SAFE_INTEGER, -1];
export const isPending = (stamp) => stamp[0] === PENDING[0];

// Whether one path leads to the other, or below it.
export const overlap = (a, b) => a === b || a.startsWith(b + "/") || b.startsWith(a + "/");

// The value at `path` of an entity, undefined where there is none; that of a stack's member is true.
export function valueAt(entity, path) {
  const keys = segments(path);
  if (keys[0] === "components" && keys.length === 3) return entity.components?.[keys[1]]?.includes(keys[2]) || undefined;
  return keys.reduce((value, key) => (isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined), entity);
}

// [seq, writer] of the commit that wrote the value at `path` last: the longest prefix that has a stamp.
export function written(entity, path) {
  for (let at = path; at; at = at.slice(0, at.lastIndexOf("/"))) {
    if (at in entity.stamps) return entity.stamps[at];
  }
  return entity.stamps[""];
}

// [seq, writer] of the commit that wrote anything of it last.
export function lastWritten(entity) {
  let last = entity.stamps[""];
  for (const path in entity.stamps) if (entity.stamps[path][0] > last[0]) last = entity.stamps[path];
  return last;
}

// [path, value] of everything below a map of an entity, maps down to their leaves.
export function leaves(value, path) {
  if (!isMap(value) || !Object.keys(value).length) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path + pointer(key)));
}
