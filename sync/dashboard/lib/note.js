// What a hub signs, in the forms of docs/proofs.md: notes, checkpoints, and statements that it has a new key.
import { fromBase64, same, sha256, toBase64, toHex, utf8 } from "./bytes.js";
import { isSigned } from "./ed25519.js";

const ED25519 = 1, ID_BYTES = 4, HASH_BYTES = 32, KEY_BYTES = 32, CHARACTERS = 8_192, SIGNATURES = 16;
const CONTROL = /[\x00-\x09\x0b-\x1f]/;
const SIGNED = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/;
const ORIGIN = /^stackroom\/([^\s+/]+)\/([^\s+/]+)$/;
const COUNT = /^(?:0|[1-9][0-9]{0,15})$/;

// A note that is none, or not by whom it should be; the message says why.
export class BadNote extends Error {}

export const nameOf = (hub) => `stackroom/${hub}`;

const idOf = async (name, key) => (await sha256(utf8(`${name}\n`), Uint8Array.of(ED25519), key)).slice(0, ID_BYTES);

// The public key in NAME+ID+KEY, which must be one of that hub's.
export async function keyOf(text, hub) {
  const [name, id, ...rest] = text.split("+");
  const data = bytesOf(rest.join("+"));
  const key = data.slice(1);
  if (data[0] !== ED25519 || key.length !== KEY_BYTES) throw new BadNote("it is no public key");
  if (name !== nameOf(hub)) throw new BadNote("it is a key of another hub");
  if (toHex(await idOf(name, key)) !== id) throw new BadNote("the id in it is not that of the key");
  return key;
}

// The text of a note that `key` has signed in the name of `hub`; lines by others are left alone.
export async function verified(note, hub, key) {
  const end = note.lastIndexOf("\n\n");
  if (note.length > CHARACTERS || CONTROL.test(note) || end < 0 || !note.endsWith("\n") || !note.isWellFormed()) throw new BadNote("it is no signed note");
  const text = textOf(note), lines = note.slice(end + 2, -1).split("\n").map((line) => SIGNED.exec(line));
  if (lines.length > SIGNATURES || lines.includes(null)) throw new BadNote("it is no signed note");
  const name = nameOf(hub), id = await idOf(name, key);
  const own = lines.filter((line) => line[1] === name).map((line) => bytesOf(line[2])).filter((data) => same(data.slice(0, ID_BYTES), id));
  if (!own.length) throw new BadNote("it is not signed by the hub's key");
  for (const data of own) {
    if (!(await isSigned(key, utf8(text), data.slice(ID_BYTES)))) throw new BadNote("its signature is not one of the hub's key");
  }
  return text;
}

// What a note says, whoever signed it.
export const textOf = (note) => note.slice(0, note.lastIndexOf("\n\n") + 1);

// What a checkpoint states, by its text: { hub, profile, size, root, epoch, time }.
export function stated(text) {
  const [origin, size, root, epoch, time] = text.split("\n");
  const [, hub, profile] = ORIGIN.exec(origin) ?? [];
  const bytes = bytesOf(root ?? "");
  if (!hub || bytes.length !== HASH_BYTES) throw new BadNote("it is no checkpoint");
  return { hub, profile, size: count(size), root: bytes, epoch: count(after("epoch ", epoch)), time: count(after("time ", time)) };
}

// What `hub` has signed by `key` of the profile.
export async function checkpoint(note, hub, key, profile) {
  const found = stated(await verified(note, hub, key));
  if (found.hub !== hub || found.profile !== profile) throw new BadNote("it is a checkpoint of something else");
  return found;
}

// The key to which a hub's statements, oldest first, lead from `key`. Those by keys from before are passed over.
export async function followed(statements, hub, key) {
  for (const statement of statements) {
    try {
      const [said, next, time, ...more] = (await verified(statement, hub, key)).slice(0, -1).split("\n");
      if (said !== `${nameOf(hub)} has a new key` || more.length) throw new BadNote("it is no statement of a new key");
      count(after("time ", time));
      key = await keyOf(next, hub);
    } catch (error) {
      if (!(error instanceof BadNote)) throw error;
    }
  }
  return key;
}

function after(word, line = "") {
  if (!line.startsWith(word)) throw new BadNote(`it lacks ${word.trim()}`);
  return line.slice(word.length);
}

function count(text = "") {
  if (!COUNT.test(text) || !Number.isSafeInteger(Number(text))) throw new BadNote("a number in it is none");
  return Number(text);
}

// Base64 in its one canonical form.
function bytesOf(text) {
  let data = null;
  try {
    data = fromBase64(text);
  } catch {
    throw new BadNote("what should be base64 is not");
  }
  if (!data.length || toBase64(data) !== text) throw new BadNote("what should be base64 is not");
  return data;
}
