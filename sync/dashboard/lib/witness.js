// This browser as a witness: it knows the hub by its key, holds it to what it has signed, and verifies commits.
import { fromBase64, same, toHex } from "./bytes.js";
import { canVerify } from "./ed25519.js";
import { examined } from "./examine.js";
import { isConsistent } from "./merkle.js";
import { BadNote, checkpoint, followed, keyOf, stated, textOf } from "./note.js";
import * as pins from "./pins.js";
import { many } from "./words.js";

const AT_ONCE = 50; // commits whose proofs are asked for at a time

// What the hub says, or has signed, cannot be right.
class Broken extends Error {}

export class Witness {
  constructor(changed) {
    this.changed = changed;
    this.faults = new Map(); // what does not hold, by profile; "" is the hub's key
    this.unable = ""; // why nothing can be verified
    this.meeting = Promise.resolve();
    this.clear(null, "");
  }

  clear(connection, profile) {
    this.connection = connection;
    this.profile = profile;
    this.results = new Map(); // what was found, by seq
  }

  get fault() {
    return this.faults.get("") ?? this.faults.get(this.profile) ?? null;
  }

  // The hub has said who it is.
  met(welcome) {
    this.welcome = welcome;
    this.meeting = this.meet(welcome).finally(this.changed);
  }

  async meet({ hub, key, rotations = [] }) {
    this.unable = "";
    if (!(await canVerify())) {
      this.unable = "this browser cannot verify Ed25519 signatures";
      return;
    }
    const pinned = pins.pinned();
    try {
      if (pinned && pinned.hub !== hub) throw new Broken(`this address was that of the hub ${pinned.hub}, and ${hub} answers now`);
      if (pinned && !key) throw new Broken("the hub shows no key any more, although it had one");
      if (!key) {
        this.unable = "this hub has no key, and signs nothing";
        return;
      }
      this.key = await keyOf(key, hub);
      if (pinned && !same(await followed(rotations, hub, await keyOf(pinned.key, hub)), this.key)) {
        throw new Broken("the hub shows another key than the one that this browser knows, and nothing that its old key has signed leads there");
      }
      if (pinned?.key !== key) pins.pin(hub, key);
      this.faults.delete("");
    } catch (error) {
      if (!(error instanceof Broken || error instanceof BadNote)) throw error;
      this.fail("", error.message, [pinned?.key ?? "", key]);
    }
  }

  // Looks whether the hub stands by what it has signed of the profile.
  async follow() {
    try {
      await this.ask([]);
    } catch (error) {
      if (!(error instanceof Broken || error.code)) throw error;
    }
    this.changed();
  }

  // Verifies commits that the page shows; what is found stands in `results`.
  async verify(entries) {
    const { profile, results } = this;
    const tell = (those, found) => (those.forEach(({ seq }) => results.set(seq, found)), this.changed());
    let waiting = entries;
    tell(waiting, { state: "busy", checks: [] });
    try {
      while (waiting.length) {
        const some = waiting.slice(0, AT_ONCE);
        const told = await this.ask(some.map(({ seq }) => seq));
        if (told === null) return tell(waiting, { state: "unable", why: this.unable, checks: [] });
        const proven = new Map(told.proven.map((each) => [each.commit.seq, each]));
        if (!proven.size) throw new Broken("the hub shows it no more");
        for (const entry of some) {
          if (proven.has(entry.seq)) tell([entry], await examined(profile, entry, proven.get(entry.seq), told));
        }
        waiting = [...some.filter(({ seq }) => !proven.has(seq)), ...waiting.slice(AT_ONCE)];
      }
    } catch (error) {
      if (!(error instanceof Broken || error.code)) throw error;
      tell(waiting, { state: error instanceof Broken ? "bad" : "unable", why: error.message, checks: [] });
    }
  }

  // The hub's answer, held against what it has signed before; null where nothing can be verified.
  async ask(seqs) {
    const { profile, connection } = this;
    await this.meeting;
    if (this.unable) return null;
    if (this.faults.has("")) throw new Broken(this.faults.get("").sentence);
    const { hub } = this.welcome;
    const note = pins.seen(profile), before = kept(note, hub, profile);
    const answer = await connection.ask({ type: "prove", profile, seqs, seen: before?.size ?? 0 });
    const { size, checkpoint: signed, proven = [], consistency = [] } = answer;
    try {
      const now = await checkpoint(signed, hub, this.key, profile);
      if (now.size !== size) throw new Broken(`the hub shows ${many(size, "commit")}, and has signed ${now.size}`);
      await stands(before, now, consistency.map(fromBase64));
      if (now.size >= (kept(pins.seen(profile), hub, profile)?.size ?? 0)) pins.see(profile, signed);
      return { proven, now, before: before?.size ?? 0, keyId: this.welcome.key.split("+")[1] };
    } catch (error) {
      if (!(error instanceof Broken || error instanceof BadNote)) throw error;
      const sentence = error instanceof Broken ? error.message : `what the hub has signed does not hold: ${error.message}`;
      this.fail(profile, sentence, [note, signed]);
      throw new Broken(sentence);
    }
  }

  fail(profile, sentence, evidence) {
    this.faults.set(profile, { profile, sentence, evidence: evidence.filter(Boolean).join("\n") });
    this.changed();
  }

  // Somebody knows why the hub is another, or has another history: what it shows now is what it is held to.
  accept({ profile }) {
    if (profile) pins.unsee(profile);
    else pins.unpin();
  }
}

// The checkpoint that was kept; null where there is none, or it cannot be read: that holds nobody to anything.
function kept(note, hub, profile) {
  try {
    const found = note ? stated(textOf(note)) : null;
    return found?.hub === hub && found.profile === profile && found.size ? found : null;
  } catch (error) {
    if (error instanceof BadNote) return null;
    throw error;
  }
}

// Throws Broken where a hub that has signed `before` contradicts itself by `now`.
async function stands(before, now, proof) {
  if (!before) return;
  if (now.epoch < before.epoch) throw new Broken(`the hub was in epoch ${before.epoch}, and is in ${now.epoch} now`);
  if (now.size < before.size) throw new Broken(`the hub has signed ${many(before.size, "commit")} of this profile, and shows ${now.size} now`);
  if (!(await isConsistent(before.size, now.size, before.root, now.root, proof))) {
    throw new Broken(`what the hub shows, ${many(now.size, "commit")}, does not begin with the ${before.size} that it has signed before ` +
      `(root ${toHex(before.root).slice(0, 16)}…)`);
  }
}
