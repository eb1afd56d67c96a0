// What is shown of a world with one's own proposals on top that wait. It decides nothing: whether they stand, and
// what stands beside them, the hub says.
import { parse } from "./exact.js";
import { PENDING, segments } from "./paths.js";
import { World } from "./world.js";

export function laid(world, proposals) {
  if (!proposals.length) return world;
  const entities = new Map(world.entities);
  for (const { events } of proposals) {
    for (const { type, entity, body } of events) lay(entities, entity, type, parse(body));
  }
  return new World(entities, world.seq);
}

function lay(entities, id, type, body) {
  const [, kind, done] = /^(.+?)(Registered|Created|Updated|Renamed|Deleted|Set|Resolved|Approved|Closed)$/.exec(type) ?? [];
  const before = entities.get(id);
  if (done === "Registered" || done === "Created") {
    entities.set(id, { ...body, kind: kind.toLowerCase(), stamps: { "": PENDING } });
  } else if (["Deleted", "Resolved", "Approved", "Closed"].includes(done)) {
    entities.delete(id);
  } else if (!before) {
    return; // Others deleted it meanwhile.
  } else if (done === "Renamed") {
    entities.set(id, written(before, "/name", body.name));
  } else if (type === "DefaultStackSet") {
    entities.set(id, written(before, "/default_stack", body.stack ?? null));
  } else if (done === "Updated") {
    let after = before;
    for (const path of body.unset ?? []) after = written(after, path, undefined);
    for (const [path, value] of Object.entries(body.set ?? {})) after = written(after, path, value);
    entities.set(id, after);
  }
}

function written(entity, path, value) {
  const [field, ...keys] = segments(path);
  const isMember = field === "components" && keys.length === 2;
  const after = isMember ? withMember(entity, ...keys, value) : placed(entity, [field, ...keys], value);
  return { ...after, stamps: { ...entity.stamps, [path]: PENDING } };
}

function withMember(stack, type, id, value) {
  const others = (stack.components?.[type] ?? []).filter((other) => other !== id);
  const { [type]: _, ...rest } = stack.components ?? {};
  const ids = value === undefined ? others : [...others, id];
  return { ...stack, components: ids.length ? { ...rest, [type]: ids } : rest };
}

function placed(map, [key, ...deeper], value) {
  if (deeper.length) return { ...map, [key]: placed(map?.[key] ?? {}, deeper, value) };
  const { [key]: _, ...rest } = map ?? {};
  return value === undefined ? rest : { ...rest, [key]: value };
}
