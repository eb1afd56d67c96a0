// A profile as it is, or was: entities by id, and what follows from them.

import { numberOf } from "./holdings.js";
import { lastWritten } from "./paths.js";

export class World {
  constructor(entities = new Map(), seq = 0) {
    this.entities = entities;
    this.seq = seq;
    this.known = null;
    this.version = 0;
    this.told = null; // { era, by } of the hub, once it is whole: others may be told as what differs from it
  }

  take(text) {
    for (const [id, entity] of Object.entries(text)) {
      if (entity === null) this.entities.delete(id);
      else this.entities.set(id, entity);
    }
    this.known = null;
    this.version++;
  }

  get index() {
    return (this.known ??= new Index(this.entities));
  }
}

const byName = (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

class Index {
  constructor(entities) {
    this.profile = null;
    this.stacks = [];
    this.components = [];
    this.conflicts = [];
    this.requests = [];
    this.tags = [];
    this.uses = new Map();
    this.known = new Map();
    const places = { stack: this.stacks, component: this.components };
    for (const [id, entity] of entities) {
      if (entity.kind === "profile") this.profile = entity;
      else if (entity.kind === "conflict") this.conflicts.push({ id, entity, number: numberOf(entity) });
      else if (entity.kind === "request") this.requests.push({ id, entity, number: numberOf(entity) });
      else if (entity.kind === "tag") this.tags.push(entity);
      else places[entity.kind]?.push({ id, name: entity.name, entity });
    }
    for (const holdings of [this.conflicts, this.requests]) holdings.sort((a, b) => a.number - b.number);
    this.tags.sort((a, b) => b.seq - a.seq);
    this.stacks.sort(byName);
    this.components.sort(byName);
    const used = new Map();
    for (const row of this.stacks) {
      const { entity } = row;
      row.isDefault = row.id === this.profile?.default_stack;
      row.last = lastWritten(entity);
      row.members = new Map();
      for (const [type, ids] of Object.entries(entity.components ?? {})) {
        used.set(type, (used.get(type) ?? 0) + 1);
        const those = ids.map((id) => ({ id, entity: entities.get(id) })).filter((m) => m.entity);
        row.members.set(type, those);
        for (const { id, entity: member } of those) {
          const at = lastWritten(member);
          if (at[0] > row.last[0]) row.last = at;
          if (!this.uses.has(id)) this.uses.set(id, []);
          this.uses.get(id).push(row);
        }
      }
    }
    for (const row of this.components) row.last = lastWritten(row.entity);
    // The types that most stacks have come first.
    this.types = [...used].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([type]) => type);
  }

  // Words by which a row is found, in lower case; made when somebody first searches.
  words(row) {
    if (row.words === undefined) {
      const { entity } = row;
      const parts = [entity.name, entity.description, ...labelsOf(entity)];
      if (entity.kind === "component") parts.push(entity.flavor, entity.component_type);
      for (const members of row.members?.values() ?? []) {
        for (const { entity: member } of members) parts.push(member.name, member.flavor);
      }
      row.words = parts.join("\n").toLowerCase();
    }
    return row.words;
  }

  // What rows can be chosen by: the flavors, labels and writers (a stamp of each) among them.
  facets(rows) {
    if (!this.known.has(rows)) {
      const flavors = new Set(), labels = new Set(), writers = new Map();
      for (const entity of new Set(rows.flatMap((row) => [row.entity, ...componentsOf(row)]))) {
        if (entity.kind === "component") flavors.add(entity.flavor);
        for (const label of labelsOf(entity)) labels.add(label);
        for (const path in entity.stamps) writers.set(entity.stamps[path][1], entity.stamps[path]);
      }
      this.known.set(rows, { flavors: [...flavors].sort(), labels: [...labels].sort(), writers: [...writers.values()] });
    }
    return this.known.get(rows);
  }

  stack(name) {
    return this.stacks.find((row) => row.name === name);
  }

  component(type, name) {
    return this.components.find((row) => row.name === name && row.entity.component_type === type);
  }
}

// The components that a row is about: those of a stack, or itself.
export const componentsOf = (row) =>
  row.members ? [...row.members.values()].flatMap((those) => those.map((m) => m.entity)) : [row.entity];

export const labelsOf = (entity) => Object.entries(entity.labels ?? {}).map(([k, v]) => `${k}=${v}`);
