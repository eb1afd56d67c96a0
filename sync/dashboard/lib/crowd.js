// Who is among the people of a hub, and what belongs to whom: an index of their entities.
import { ROLES } from "./permissions.js";

const lower = (row) => row.name.toLowerCase();
const byName = (a, b) => (lower(a) < lower(b) ? -1 : lower(a) > lower(b) ? 1 : 0);

class Crowd {
  constructor(entities) {
    this.entities = entities;
    this.kinds = new Map();
    for (const [id, entity] of entities) push(this.kinds, entity.kind, { id, name: entity.name ?? "", entity });
    for (const rows of this.kinds.values()) rows.sort(byName);
    this.memberships = new Map();
    for (const team of this.all("team")) {
      for (const member of Object.keys(team.entity.members ?? {})) push(this.memberships, member, team);
    }
    this.given = groups(this.all("assignment"), "subject");
    this.tokens = groups(this.all("token"), "user");
    this.keys = groups(this.all("key"), "user");
  }

  // { id, name, entity } of each of that kind, by name.
  all(kind) {
    return this.kinds.get(kind) ?? [];
  }

  find(kind, name) {
    return this.all(kind).find((row) => row.name === name);
  }

  teamsOf(user) {
    return this.memberships.get(user) ?? [];
  }

  // The roles that a user or team holds: { id, entity, team }, `team` being that through which they came, or null.
  held(subject) {
    const own = this.given.get(subject) ?? [];
    const through = this.teamsOf(subject).flatMap((team) => (this.given.get(team.id) ?? []).map((row) => ({ ...row, team })));
    return [...own.map((row) => ({ ...row, team: null })), ...through];
  }

  // Every assignment that names `id`: as who holds it, as the role, or as where.
  naming(id) {
    return this.all("assignment").filter(({ entity }) => [entity.subject, entity.role, entity.scope].includes(id));
  }

  // The roles that there are: [{ id, name, permissions, builtIn, entity }]; a built-in role's name is its id.
  get roles() {
    const builtIn = Object.entries(ROLES).map(([name, permissions]) => ({ id: name, name, permissions, builtIn: true }));
    const own = this.all("role").map((row) => ({ ...row, permissions: Object.keys(row.entity.permissions ?? {}) }));
    return [...builtIn, ...own];
  }

  // The name of an entity, or the end of its id where it is gone.
  name(id) {
    return this.entities.get(id)?.name ?? tail(id);
  }

  role(id) {
    return Object.hasOwn(ROLES, id) ? id : this.name(id);
  }

  has(kind, user) {
    return this.all(kind).some(({ entity }) => entity.user === user);
  }
}

// Of a world of people; made anew when that changes.
export const crowdOf = (world) => (world.known ??= new Crowd(world.entities));

// What an id is called of which nothing else is known.
export const tail = (id) => `…${id.slice(-12)}`;

function push(map, key, row) {
  if (!map.has(key)) map.set(key, []);
  map.get(key).push(row);
}

function groups(rows, field) {
  const found = new Map();
  for (const row of rows) push(found, row.entity[field] ?? "", row);
  return found;
}
