// Tokens are made by whoever will hold them: the form is that of sync/people/tokens.py, the hub learns a hash.

import { sha256, toBase64, utf8 } from "./bytes.js";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
export const JOIN = "srj", SET_UP = "sru", LOGIN = "srl", PERSONAL = "srm", SERVICE = "srs";

function base62(number, width) {
  let digits = "";
  for (let n = number; n > 0n || digits.length < width; n /= 62n) digits = ALPHABET[Number(n % 62n)] + digits;
  return digits;
}

const random = (bytes) =>
  crypto.getRandomValues(new Uint8Array(bytes)).reduce((n, byte) => (n << 8n) | BigInt(byte), 0n);

// CRC-32 as zlib has it (RFC 1952, section 8).
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

const checksum = (body) => base62(BigInt(crc32(utf8(body))), 6);

// { text, prefix, hash }: a secret of that kind, and what the hub is told of it.
export async function makeSecret(kind) {
  const body = `${kind}_${base62(random(8) % 62n ** 8n, 8)}${base62(random(24), 33)}`;
  const text = body + checksum(body);
  const hash = await sha256(utf8(text));
  return { text, prefix: text.slice(0, 12), hash: toBase64(hash) };
}

// { text, order }: a token, and how an order tells the hub of it.
export async function makeToken(name, kind = PERSONAL) {
  const { text, prefix, hash } = await makeSecret(kind);
  return { text, order: { name, prefix, hash } };
}

// Which kind of secret it is; null if it is none, or has a slip in it.
export function kindOf(text) {
  const kind = text.slice(0, 3);
  if (!/^[a-z]{3}_[0-9A-Za-z]{47}$/.test(text)) return null;
  if (![JOIN, SET_UP, LOGIN, PERSONAL, SERVICE].includes(kind)) return null;
  return checksum(text.slice(0, -6)) === text.slice(-6) ? kind : null;
}
