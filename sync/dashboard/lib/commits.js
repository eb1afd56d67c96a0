// Who made which commit, when and why: asked for one by one, when something on the page wants to say it.

import { isPending } from "./paths.js";

const AT_ONCE = 8, KEPT = 5_000;
const YOURS = { author: "you", message: "not sent yet", pending: true };

export class Commits {
  constructor(changed) {
    this.changed = changed;
    this.clear(null, "");
  }

  clear(connection, profile) {
    this.connection = connection;
    this.profile = profile;
    this.version = (this.version ?? 0) + 1; // another one whenever something came to be known
    this.known = new Map();
    this.writers = new Map();
    this.wanted = [];
    this.asking = new Set();
    this.awaited ??= new Map(); // who is to be told, by seq
  }

  // The commit of that seq, or undefined until it is known.
  of(seq) {
    if (isPending([seq])) return YOURS;
    const known = this.known.get(seq);
    if (!known && !this.asking.has(seq) && !this.wanted.includes(seq)) {
      this.wanted.push(seq);
      queueMicrotask(() => this.next());
    }
    return known;
  }

  // Has `tell` called when that commit comes to be known, or if it has meanwhile; gives what takes that back.
  whenKnown(seq, tell) {
    const { awaited } = this;
    if (this.known.has(seq)) queueMicrotask(tell);
    if (!awaited.has(seq)) awaited.set(seq, new Set());
    awaited.get(seq).add(tell);
    return () => {
      awaited.get(seq)?.delete(tell);
      if (!awaited.get(seq)?.size) awaited.delete(seq);
    };
  }

  // Who wrote by the replica of that stamp: a replica is one person's.
  author([seq, writer]) {
    if (!this.writers.has(writer)) {
      const commit = this.of(seq);
      if (!commit) return undefined;
      this.writers.set(writer, commit.author);
    }
    return this.writers.get(writer);
  }

  add(entries) {
    if (entries.length) this.version++;
    for (const { differences, ...commit } of entries) {
      this.known.set(commit.seq, commit);
      for (const tell of this.awaited.get(commit.seq) ?? []) tell();
    }
    if (this.known.size > KEPT) this.known = new Map([...this.known].slice(-KEPT / 2));
  }

  next() {
    // What was wanted last is what is on the page now.
    while (this.asking.size < AT_ONCE && this.wanted.length && this.connection) this.ask(this.wanted.pop());
    if (this.wanted.length > KEPT) this.wanted.splice(0, this.wanted.length - KEPT);
  }

  async ask(seq) {
    const { connection, profile } = this;
    this.asking.add(seq);
    try {
      const entry = await this.read(seq);
      if (this.profile !== profile || this.connection !== connection) return;
      if (entry) this.add([entry]);
      this.changed();
    } catch (error) {
      if (error.code !== "offline" && error.code !== "forbidden") throw error;
    } finally {
      if (this.profile === profile) this.asking.delete(seq);
      this.next();
    }
  }

  async read(seq) {
    const question = { type: "read_log", profile: this.profile, before: seq + 1, most: 1, values: false };
    const { entries = [] } = await this.connection.ask(question);
    return entries[0];
  }

  // The first seq whose commit was accepted at `time` or later, up to `head`; head + 1 without one.
  async since(time, head) {
    let low = 1, high = head + 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      const commit = this.known.get(middle) ?? (await this.read(middle));
      if (!commit) return low;
      this.add([commit]);
      if (commit.accepted >= time) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
