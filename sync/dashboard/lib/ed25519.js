// Ed25519 as the browser has it; where it has none, nothing here takes its place.
import { sha256, toHex } from "./bytes.js";

const NAME = "Ed25519", KEY_BYTES = 32, SIGNATURE_BYTES = 64, FINGERPRINT = 16;

let known = null;

// Whether this browser can sign and verify.
export const canVerify = () =>
  (known ??= Promise.resolve(crypto.subtle?.generateKey(NAME, false, ["sign", "verify"])).then(Boolean, () => false));

// Whether `signature` is that of `data` by the key whose public half is `key`.
export async function isSigned(key, data, signature) {
  if (key.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  try {
    const imported = await crypto.subtle.importKey("raw", key, NAME, false, ["verify"]);
    return await crypto.subtle.verify(NAME, imported, signature, data);
  } catch (error) {
    if (error.name === "DataError") return false; // The bytes are no key.
    throw error;
  }
}

// The first digits of the SHA-256 of a public key, by which people tell keys apart.
export const fingerprint = async (key) => toHex(await sha256(key)).slice(0, FINGERPRINT);
