// Entities, places in them and values, by names where the hub has ids.
import { html } from "../lib/html.js";
import { to } from "../lib/going.js";
import { inline } from "../lib/exact.js";
import { gone } from "../lib/gone.js";
import { numberOf } from "../lib/holdings.js";
import { segments } from "../lib/paths.js";
import { spaced } from "../lib/words.js";
import { Link, Value } from "./parts.js";

const REDACTED = /^\[redacted in #\d+(?:, \d+)?\]$/;
const HOLDINGS = { conflict: "conflict", request: "change request" };

// What an entity is called: from the world, from `wish` (a change that registers it), or from the log.
function called(id, world, wish) {
  const entity = world.entities.get(id);
  if (entity && HOLDINGS[entity.kind]) return { kind: entity.kind, number: numberOf(entity) };
  if (entity) return { ...entity, stands: true };
  return (wish?.entity === id && wish.name ? { ...wish, component_type: wish.type } : gone(id)) ?? { kind: "", name: id.slice(-12) };
}

export function Named({ id, world, wish, plain }) {
  const { kind, name, number, component_type: type, stands } = called(id, world, wish);
  if (HOLDINGS[kind]) {
    const says = `${HOLDINGS[kind]} #${number}`;
    return plain ? html`<b>${says}</b>` : html`<${Link} to=${to(`${kind}s`, String(number))}>${says}<//>`;
  }
  const where = kind === "stack" ? ["stacks", name] : kind === "component" ? ["components", type, name] : null;
  return html`<span class="named"><span class="kind">${type && kind !== "flavor" ? spaced(type) : kind}</span> ${where && stands && !plain
    ? html`<${Link} to=${to(...where)}>${name}<//>` : html`<b>${name}</b>`}</span>`;
}

// A world that also knows the names of `entities`, which would be there.
export const naming = (world, entities) => ({ entities: { get: (id) => world.entities.get(id) ?? entities[id] ?? undefined } });

const nameOf = (id, world) => world.entities.get(id)?.name ?? gone(id)?.name ?? String(id).slice(-12);
const isMember = (keys) => keys[0] === "components" && keys.length === 3;

export function Place({ path, world }) {
  if (path === "") return html`<span class="path">all of it</span>`;
  const keys = segments(path);
  const said = isMember(keys) ? [...keys.slice(0, 2), nameOf(keys[2], world)] : keys;
  return html`<span class="path">${said.join(" › ")}</span>`;
}

// The value at a path; `none` is what is said where there is none.
export function At({ path, value, world, none = "nothing" }) {
  if (value === undefined || (value === null && path === "/default_stack")) return html`<span class="none">${none}</span>`;
  const keys = segments(path);
  if (keys[0] === "components" && Array.isArray(value)) return html`<span class="text">${value.map((id) => nameOf(id, world)).join(", ")}</span>`;
  if (isMember(keys) && value === true) return html`<span class="text">in the stack</span>`;
  if (path === "/default_stack" && typeof value === "string") return html`<span class="text">${nameOf(value, world)}</span>`;
  if (typeof value === "string" && REDACTED.test(value)) return html`<span class="none" title="Somebody had it taken out of the history.">${value.slice(1, -1)}</span>`;
  return html`<${Value} of=${value} />`;
}

// The text of it, to be typed on from.
export const textOf = (value) => (typeof value === "string" ? value : value === undefined ? "" : inline(value));
