// What differs between two moments, as the hub works it out: by entity, for people to look through.
import { inline } from "./exact.js";

// { before, after, groups, names }; `names` says what ids are called that values speak of.
export async function contrast(connection, profile, before, after) {
  const differences = [], names = new Map();
  return connection.ask({ type: "diff", profile, before, after }, (page) => {
    differences.push(...page.differences);
    for (const [id, name] of Object.entries(page.names ?? {})) names.set(id, name);
    if (page.complete === false) return undefined;
    return { before: page.before, after: page.after, groups: grouped(differences), names };
  });
}

function grouped(differences) {
  const groups = new Map();
  for (const each of differences) {
    if (!groups.has(each.entity)) {
      const { entity, kind, name, component_type: type } = each;
      groups.set(entity, { entity, kind, name, type, was: name, change: "changed", values: [] });
    }
    const group = groups.get(each.entity);
    if (each.path === "/component_type") continue; // It is said beside the name.
    if (each.path !== "/name") group.values.push(each);
    else {
      group.change = each.before === undefined ? "added" : each.after === undefined ? "removed" : "renamed";
      group.was = each.before;
    }
  }
  return [...groups.values()];
}

const known = new WeakMap();

// Words by which a group is found, in lower case.
export function wordsOf(group, names) {
  if (!known.has(group)) {
    const said = (value) => (value === undefined ? "" : typeof value === "string" ? value : inline(value));
    const parts = group.values.flatMap((d) => [d.path, said(d.before), said(d.after), ...idsOf(d).map((id) => names.get(id))]);
    known.set(group, [group.kind, group.type, group.name, group.was, group.change, ...parts].join("\n").toLowerCase());
  }
  return known.get(group);
}

const idsOf = ({ path, before, after }) => [path.slice(path.lastIndexOf("/") + 1), ...[before, after].flat()];

// As a file: what was compared, and each group that is shown.
export const asJson = (profile, { before, after }, groups) => {
  const values = ({ path, before: was, after: is }) => [
    `{"path": ${inline(path)}`, ...(was === undefined ? [] : [`"before": ${inline(was)}`]),
    ...(is === undefined ? [] : [`"after": ${inline(is)}`]),
  ].join(", ") + "}";
  const each = groups.map(({ entity, kind, type, name, was, change, values: those }) =>
    `    {"entity": ${inline(entity)}, "kind": ${inline(kind)}, ${type ? `"type": ${inline(type)}, ` : ""}"name": ${inline(name)}, ` +
    `${change === "renamed" ? `"was": ${inline(was)}, ` : ""}"change": "${change}", "values": [` +
    `${those.map((d) => `\n      ${values(d)}`).join(",")}${those.length ? "\n    " : ""}]}`);
  return `{\n  "profile": ${inline(profile)}, "before": ${before}, "after": ${after},\n  "entities": [\n${each.join(",\n")}\n  ]\n}\n`;
};
