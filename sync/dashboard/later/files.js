// Forms as text: the files of docs/files.md, of the kinds component and stack. What is wrong is told with its line.
import { fileOf } from "../lib/yaml.js";
import { entityOf, formOf } from "./form.js";
import { YamlFault, load, plain } from "./yaml_reader.js";

const KEYS = {
  component: ["kind", "type", "name", "flavor", "config", "labels", "extra", "protected"],
  stack: ["kind", "name", "description", "components", "labels", "extra", "protected"],
};
const TYPE = /^[a-z][a-z0-9_]{0,63}$/;

// The text of a form. What is not read yet has no place in it: ask for it when nothing is wrong.
export const textOf = (form, world) => fileOf(entityOf(form).entity, (id) => world.entities.get(id)?.name ?? id);

// The form that a text comes to; `form` is what it was before. Throws YamlFault.
export function formFrom(text, form, world, { fresh }) {
  const root = load(text);
  const file = root.value instanceof Map ? root.value : new Map();
  const at = (key) => file.get(key) ?? root;
  const refuse = (key, sentence, hint, node = at(key)) => {
    throw new YamlFault(`${key}: ${sentence}`, node, hint);
  };
  const kind = file.get("kind")?.value;
  if (kind !== form.kind) throw new YamlFault(`kind is not ${form.kind}`, at("kind"), `the first line says what it is: 'kind: ${form.kind}'`);
  for (const [key, node] of file) {
    if (!KEYS[kind].includes(key)) refuse(key, "there is no such key", `there are ${KEYS[kind].join(", ")}`, node);
  }
  const words = (key, needed) => {
    const value = file.get(key)?.value;
    if (value === undefined && !needed) return "";
    if (typeof value !== "string" || (needed && !value)) refuse(key, value === undefined ? "it is missing" : "this must be text");
    return value;
  };
  const map = (key, test = () => {}) => {
    const node = file.get(key);
    if (node === undefined) return {};
    if (!(node.value instanceof Map)) refuse(key, "this must be a map");
    for (const [inner, value] of node.value) test(inner, value);
    return plain(node);
  };
  const labels = map("labels", (key, node) => typeof node.value === "string" || refuse(`labels.${key}`, "this must be text: quote it", "", node));
  const marked = file.get("protected")?.value ?? form.protected;
  if (typeof marked !== "boolean") refuse("protected", "this must be true or false");
  const common = { kind, name: words("name", true), labels, extra: map("extra"), protected: marked };
  if (kind === "component") {
    const type = words("type", true);
    if (!TYPE.test(type)) refuse("type", "this is no component type", "such as orchestrator, artifact_store");
    if (!fresh && type !== form.type) refuse("type", `a component stays what it is: ${form.type}`, "make a new one of that type");
    return formOf({ ...common, component_type: type, flavor: words("flavor", true), config: map("config") });
  }
  const components = {};
  map("components", (type, node) => {
    const named = Array.isArray(node.value) ? node.value : [node];
    components[type] = named.map((one) => {
      const found = typeof one.value === "string" && world.index.component(type, one.value);
      if (!found) refuse(`components.${type}`, "there is no component of that type and name here", "a name, or a list of names", one);
      return found.id;
    });
    if (new Set(components[type]).size < named.length) refuse(`components.${type}`, "a component stands here twice", "", node);
  });
  return formOf({ ...common, description: words("description", false), components });
}

// The kind that a text says it is of, as far as it can be read.
export function kindOf(text) {
  const { value } = load(text);
  return value instanceof Map ? value.get("kind")?.value : undefined;
}
