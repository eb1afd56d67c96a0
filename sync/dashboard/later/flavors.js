// What is known of a flavor's configuration, as fields of a form: by the team's own JSON Schema, or by what is known of
// ZenML's flavors. A flavor of the team goes before ZenML's of its name; of any other nothing is known.
import { isMap } from "../lib/exact.js";

let shipped = null;

// ZenML's flavors by component type and name; fetched once.
export async function fetchFlavors() {
  if (!shipped) {
    const answer = await fetch(new URL("flavors.json", import.meta.url));
    if (!answer.ok) throw new Error("ZenML's flavors could not be fetched");
    shipped = await answer.json();
  }
  return shipped;
}

// The team's own flavors of a component type, as they stand in a world.
const own = (world, type) => [...world.entities.values()].filter((e) => e.kind === "flavor" && e.component_type === type);

export function typesOf(zenml, world) {
  const known = [...world.entities.values()].map((e) => e.component_type).filter(Boolean);
  return [...new Set([...Object.keys(zenml), ...known])].sort();
}

export function flavorsOf(zenml, world, type) {
  const used = [...world.entities.values()].filter((e) => e.kind === "component" && e.component_type === type).map((e) => e.flavor);
  return [...new Set([...own(world, type).map((e) => e.name), ...Object.keys(zenml[type] ?? {}), ...used])].sort();
}

// { fields, closed, says }: the fields of a configuration; whether another key is a fault; whose word it is.
// A field: { key, kind, required, nullable, secret, choices, help, initial, versions }.
export function formOf(zenml, world, type, name) {
  const mine = own(world, type).find((e) => e.name === name);
  if (mine) {
    const schema = mine.config_schema;
    if (!isMap(schema)) return { fields: [], closed: false, says: "This flavor has no schema: write what it needs." };
    const required = Array.isArray(schema.required) ? schema.required : [];
    const fields = Object.entries(isMap(schema.properties) ? schema.properties : {}).map(([key, of]) => bySchema(key, of, required.includes(key)));
    return { fields, closed: schema.additionalProperties === false, says: "By the schema of your team's flavor." };
  }
  const known = Object.hasOwn(zenml, type) && Object.hasOwn(zenml[type], name) ? zenml[type][name] : null;
  if (!known) return { fields: [], closed: false, says: name ? "Nothing is known of this flavor: write what it needs." : "" };
  const fields = Object.entries(known.attributes).map(([key, of]) => ({ key, kind: KINDS[of.type], ...of }));
  const { versions, integration } = known;
  return { fields, closed: true, says: `As ZenML ${versions.join(", ")} has it${integration ? `, with the integration ${integration}` : ""}.` };
}

const KINDS = { str: "text", int: "whole", float: "number", bool: "flag", dict: "map", list: "list", any: "any" };
const JSON_KINDS = { string: "text", integer: "whole", number: "number", boolean: "flag", object: "map", array: "list" };

function bySchema(key, of, required) {
  const says = isMap(of) ? of : {};
  // pydantic writes what may be null as one of two.
  const either = Array.isArray(says.anyOf) ? says.anyOf.filter(isMap) : [];
  const named = [says.type ?? either.map((one) => one.type)].flat();
  const kinds = named.filter((type) => type !== "null");
  const inner = kinds.length === 1 && either.length ? { ...either.find((one) => one.type === kinds[0]), ...says } : says;
  return {
    key, required, help: [says.title !== key && says.title, says.description].filter((t) => t && typeof t === "string").join(": "),
    kind: (kinds.length === 1 && JSON_KINDS[kinds[0]]) || "any",
    nullable: named.includes("null"),
    secret: says.sensitive === true || inner.format === "password",
    choices: Array.isArray(inner.enum) ? inner.enum : undefined,
    initial: says.default,
    least: inner.minimum, most: inner.maximum,
  };
}
