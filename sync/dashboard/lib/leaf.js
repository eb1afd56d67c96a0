// What a Merkle leaf covers and an author signs, as docs/log.md has it: the other half of events/codec.py.
// JSON.stringify writes texts as the hub does: only quotes, backslashes and control characters are escaped.
import { fromBase64, sha256, toHex, utf8 } from "./bytes.js";

// The bytes of the leaf of a commit as the hub has stored it.
export async function leafOf(profile, commit) {
  const { key = "", signature = "" } = commit;
  const signed = key || signature ? [toHex(fromBase64(key)), toHex(fromBase64(signature))] : [];
  return utf8(JSON.stringify([
    signed.length ? "stackroom/commit/2" : "stackroom/commit/1", profile, commit.seq, commit.id, commit.replica,
    commit.number, commit.base, commit.author, commit.message, commit.time, commit.accepted,
    await digests(commit.events), ...signed,
  ]));
}

// The bytes that the author of a proposal signs; of a commit, that its author has signed.
export async function statementOf(profile, replica, made) {
  return utf8(JSON.stringify([
    "stackroom/proposal/1", profile, made.id, replica, made.number, made.base, made.message, made.time,
    await digests(made.events),
  ]));
}

// The bytes by which a replica proves to the hub that it has a key.
export const possessionOf = (hub, user, replica, key) =>
  utf8(JSON.stringify(["stackroom/key/1", hub, user, replica, toHex(key)]));

// A redacted event keeps the digest of the body that its author wrote.
const digests = (events) =>
  Promise.all(events.map(async ({ type, version, entity, salt, body, digest }) => [
    type, version, entity, digest || toHex(await sha256(fromBase64(salt), utf8(body))),
  ]));
