// The key by which this browser signs what is proposed in it: made by the browser, which gives it to nobody.
import { toBase64 } from "./bytes.js";
import * as database from "./database.js";
import { canVerify } from "./ed25519.js";
import { possessionOf, statementOf } from "./leaf.js";

const PATIENCE = 3_000; // milliseconds for the browser's store: who cannot have the key signs nothing
// What the hub says of a key that is not this replica's, or is not good any more: it takes another identity.
export const OTHERS = ["key_ended", "key_in_use", "replica_has_key", "unknown_key"];

// The signer of a replica; null where this browser has no Ed25519, or keeps nothing.
export async function signerOf(replica) {
  const slow = new Promise((resolve) => setTimeout(resolve, PATIENCE, null));
  return Promise.race([slow, made(replica).catch(() => null)]);
}

async function made(replica) {
  if (!(await canVerify())) return null;
  const fresh = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  const pair = await database.write(["keys"], async ({ keys }) => {
    const kept = await database.of(keys.get(replica));
    if (kept) return kept;
    keys.clear(); // Those of replicas that this browser was before sign nothing more.
    keys.put(fresh, replica);
    return fresh;
  });
  return new Signer(replica, pair, new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
}

class Signer {
  constructor(replica, pair, key) {
    this.replica = replica;
    this.pair = pair;
    this.bytes = key;
    this.key = toBase64(key);
    this.registered = null; // whether the hub knows it; null where the hub keeps none
  }

  // Has the hub take only what is signed from this replica. Throws what the hub says against it.
  async register(connection) {
    const { hub, user } = connection.welcome;
    const proof = await this.sign(possessionOf(hub, user, this.replica, this.bytes));
    await connection.order({ order: "register_key", key: this.key, proof });
    this.registered = true;
  }

  // A proposal as it is sent, signed.
  async signed(profile, proposal) {
    return { ...proposal, key: this.key, signature: await this.sign(await statementOf(profile, this.replica, proposal)) };
  }

  async sign(data) {
    return toBase64(new Uint8Array(await crypto.subtle.sign("Ed25519", this.pair.privateKey, data)));
  }
}
