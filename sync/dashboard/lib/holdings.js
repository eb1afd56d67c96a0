// What conflicts and change requests hold: proposals, each of changes that say what they would write.
import { isMap, parse } from "./exact.js";
import { leaves, pointer } from "./paths.js";

// People name it by the seq of the commit that opened it.
export const numberOf = (holding) => holding.stamps[""][0];

const NAMING = ["kind", "stamps", "name", "component_type"];
const MAPS = ["config", "labels", "extra", "settings"];

// [path, value] of all that an entity, or its registration, says beside its name and type.
export const definition = (said) =>
  Object.entries(said)
    .filter(([field, value]) => !NAMING.includes(field) && value !== "" && value !== false && value !== null)
    .flatMap(([field, value]) =>
      field === "components" ? Object.entries(value).map(([type, ids]) => [pointer(field, type), ids])
        : !MAPS.includes(field) ? [[pointer(field), value]]
          : Object.keys(value).length ? leaves(value, pointer(field)) : []);

const VERBS = ["Registered", "Created", "Updated", "Renamed", "Deleted", "Resolved"];

// One change of a held proposal: { entity, verb, kind, name, type, writes: [[path, value]] }; the value is
// undefined where something is taken away.
function wish({ type, entity, body }) {
  const said = parse(body);
  const verb = VERBS.find((each) => type.endsWith(each)) ?? type;
  const own = { entity, verb, kind: type.replace(verb, "").toLowerCase(), name: said.name, type: said.component_type, writes: [] };
  if (verb === "Registered" || verb === "Created") own.writes = definition(said);
  else if (verb === "Renamed") own.writes = [["/name", said.name]];
  else if (type === "DefaultStackSet") {
    Object.assign(own, { verb: "Updated", kind: "profile", writes: [["/default_stack", said.stack ?? undefined]] });
  } else if (isMap(said)) {
    own.writes = [...Object.entries(said.set ?? {}), ...(said.unset ?? []).map((path) => [path, undefined])];
  }
  return own;
}

// What the held proposals want, in their order.
export const wishes = (holding) => holding.held.flatMap(({ proposal }) => proposal.events.map(wish));

// Whether that user made any of it; users differ in more than their case.
export const isAuthor = (holding, user) =>
  holding.held.some(({ author }) => author.toLowerCase() === user.toLowerCase());
