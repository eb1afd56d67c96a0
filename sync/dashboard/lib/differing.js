// What differs between two states of entities, path by path, as the hub tells differences.
import { inline } from "./exact.js";
import { definition } from "./holdings.js";
import { pointer } from "./paths.js";

// `after` maps ids to entities as they would be, or to null; `before` gives what stands.
export function differing(before, after) {
  return Object.entries(after).flatMap(([id, next]) => {
    const old = before.get(id) ?? null;
    const shown = next ?? old;
    if (!shown || ["conflict", "request"].includes(shown.kind)) return [];
    const was = valuesOf(old, next), now = valuesOf(next, old);
    return [...new Set([...was.keys(), ...now.keys()])]
      .filter((path) => !same(was.get(path), now.get(path)))
      .map((path) => ({ entity: id, kind: shown.kind, name: shown.name, component_type: shown.component_type,
        path, before: was.get(path), after: now.get(path) }));
  });
}

export const same = (a, b) => a === b || (a !== undefined && b !== undefined && inline(a) === inline(b));

// Members of a stack one by one; and their order, where it alone differs from that in `other`.
function valuesOf(entity, other) {
  if (!entity) return new Map();
  const values = definition(entity).filter(([path]) => !path.startsWith("/components/"));
  for (const [type, ids] of Object.entries(entity.components ?? {})) {
    const others = other?.components?.[type] ?? [];
    if (same([...ids].sort(), [...others].sort())) values.push([pointer("components", type), ids]);
    values.push(...ids.map((id) => [pointer("components", type, id), true]));
  }
  return new Map([["/name", entity.name], ...values]);
}
