// One's own proposals: kept before they are sent, sent when the hub can be reached, told what became of them.
// Tabs share them: one pushes at a time, and all hear of it.
import { toBase64, toHex } from "./bytes.js";
import * as database from "./database.js";
import { encode } from "./exact.js";
import { OTHERS } from "./signer.js";

const CHANNEL = "stackroom.proposals", LOCK = "stackroom.push";
const AGAIN = 5_000; // milliseconds until what the hub could not take now is offered again
// Answers that say nothing of the proposal itself: it stays, and may come again.
const NOT_YET = ["replica_copied", "not_signed", "unknown_key", "bad_signature"];

export class Outbox {
  constructor(changed) {
    this.changed = changed;
    this.notYet = () => {}; // is told what the hub does not take of this replica as it is
    this.user = "";
    this.profile = "";
    this.mine = []; // those of this user in this profile, oldest first
    this.others = []; // those in other profiles, and among the people
    this.problem = ""; // why the hub takes none now
    this.waiting = new Map();
    this.channel = new BroadcastChannel(CHANNEL);
    this.channel.onmessage = ({ data }) => {
      this.tell(data.answers);
      this.read();
    };
  }

  async show(user, profile) {
    Object.assign(this, { user, profile });
    await this.read();
  }

  get elsewhere() {
    return this.others.length;
  }

  get pending() {
    return this.mine.filter((proposal) => proposal.state === "pending");
  }

  async read() {
    const every = await database.read(["proposals"], ({ proposals }) => database.of(proposals.getAll()));
    const own = every.filter((p) => p.user === this.user).sort((a, b) => a.number - b.number || a.time - b.time);
    this.mine = own.filter((p) => p.profile === this.profile);
    this.others = own.filter((p) => p.profile !== this.profile);
    this.changed();
  }

  // Keeps a proposal, durably; it is sent by `push`.
  async add({ replica, profile, base, changes, message }) {
    const proposal = {
      id: newId(), user: this.user, profile, base, message, replica, state: "pending", time: Date.now(),
      events: changes.map(({ type, entity, body }) => ({
        type, version: 1, entity, salt: salt(), body: typeof body === "string" ? body : encode(body),
      })),
    };
    await database.write(["proposals", "numbers"], async ({ proposals, numbers }) => {
      proposal.number = await next(numbers, replica, profile);
      await database.of(proposals.add(proposal));
    });
    this.channel.postMessage({ answers: [] });
    await this.read();
    return proposal;
  }

  // What becomes of a proposal; `pending` if that is not known after `patience` milliseconds.
  fate(id, patience) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => (this.waiting.delete(id), resolve({ id, outcome: "pending" })), patience);
      this.waiting.set(id, (answer) => (clearTimeout(timer), this.waiting.delete(id), resolve(answer)));
    });
  }

  async push(connection) {
    this.connection = connection;
    if (this.pushing) {
      this.again = true;
      return;
    }
    this.pushing = true;
    clearTimeout(this.timer);
    try {
      do {
        this.again = false;
        await navigator.locks.request(LOCK, () => this.pushAll());
      } while (this.again);
      this.problem = "";
    } catch (error) {
      if (!error.code) throw error;
      if (error.code !== "offline") {
        this.problem = error.message;
        this.timer = setTimeout(() => this.push(this.connection), AGAIN);
      }
    } finally {
      this.pushing = false;
    }
    await this.read();
  }

  async pushAll() {
    const { connection } = this;
    const groups = new Map();
    const waiting = await this.prepared(connection.replica);
    const signer = waiting.length ? await this.signing(connection) : null;
    for (const proposal of waiting) {
      if (!groups.has(proposal.profile)) groups.set(proposal.profile, []);
      groups.get(proposal.profile).push(proposal);
    }
    for (const [profile, proposals] of groups) {
      const signed = await Promise.all(proposals.map((proposal) => signer ? signer.signed(profile, onWire(proposal)) : onWire(proposal)));
      for (const some of batches(signed, connection.welcome)) await this.settle(await connection.push(profile, some));
    }
  }

  // Who signs what waits, known to the hub; null where nothing is signed.
  async signing(connection) {
    const { signer } = connection;
    try {
      if (signer?.registered === false) await signer.register(connection);
    } catch (error) {
      if (OTHERS.includes(error.code)) this.notYet(error);
      if (error.code === "offline" || OTHERS.includes(error.code)) throw error;
      return null; // The hub does not take keys of this user: it says of each proposal what it thinks of that.
    }
    return signer?.registered ? signer : null;
  }

  // What waits, oldest first, each with a number of this replica: a page that was signed in anew has another.
  prepared(replica) {
    return database.write(["proposals", "numbers"], async ({ proposals, numbers }) => {
      const every = await database.of(proposals.getAll());
      const waiting = every.filter((p) => p.user === this.user && p.state === "pending");
      waiting.sort((a, b) => a.time - b.time || a.number - b.number);
      for (const proposal of waiting) {
        if (proposal.replica === replica) continue;
        Object.assign(proposal, { replica, number: await next(numbers, replica, proposal.profile) });
        await database.of(proposals.put(proposal));
      }
      return waiting.sort((a, b) => a.number - b.number);
    });
  }

  async settle(answers) {
    await database.write(["proposals"], async ({ proposals }) => {
      for (const { id, outcome, code, sentence } of answers) {
        const proposal = await database.of(proposals.get(id));
        if (!proposal || NOT_YET.includes(code)) continue;
        if (outcome === "rejected") proposals.put({ ...proposal, state: "parked", code, sentence });
        else proposals.delete(id);
      }
    });
    this.channel.postMessage({ answers });
    this.tell(answers);
    await this.read();
    const kept = answers.find(({ code }) => NOT_YET.includes(code));
    if (kept) this.notYet(kept);
  }

  tell(answers) {
    for (const answer of answers) this.waiting.get(answer.id)?.(answer);
  }

  // A refused proposal is proposed anew, as it is; with another id, as the answer to the old one never changes.
  async retry(id, replica, base) {
    await database.write(["proposals", "numbers"], async ({ proposals, numbers }) => {
      const { code, sentence, ...parked } = await database.of(proposals.get(id));
      const number = await next(numbers, replica, parked.profile);
      proposals.delete(id);
      proposals.add({ ...parked, id: newId(), replica, number, base, state: "pending" });
    });
    await this.read();
  }

  async drop(id) {
    await database.write(["proposals"], ({ proposals }) => database.of(proposals.delete(id)));
    this.channel.postMessage({ answers: [] });
    await this.read();
  }
}

async function next(numbers, replica, profile) {
  const key = [replica, profile];
  const number = ((await database.of(numbers.get(key))) ?? 0) + 1;
  await database.of(numbers.put(number, key));
  return number;
}

const onWire = ({ id, number, base, message, time, events }) => ({ id, number, base, message, time, events });

// As many proposals at once as the hub takes.
function* batches(proposals, { push_proposals: most, push_bytes: bytes }) {
  let some = [], size = 0;
  for (const proposal of proposals) {
    const own = new Blob([JSON.stringify(proposal)]).size;
    if (some.length && (some.length === most || size + own > bytes)) {
      yield some;
      [some, size] = [[], 0];
    }
    some.push(proposal);
    size += own;
  }
  if (some.length) yield some;
}

const salt = () => toBase64(crypto.getRandomValues(new Uint8Array(16)));

// A UUID, version 7 (RFC 9562, section 5.7): milliseconds since 1970, then what is random.
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const time = Date.now();
  for (let i = 0; i < 6; i++) bytes[i] = (time / 2 ** (8 * (5 - i))) & 0xff;
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
