// Proofs about a Merkle tree, verified as RFC 9162 sections 2.1.3.2 and 2.1.4.2 say. Numbers may have 53 bits:
// nothing here is a 32-bit operation.
import { same, sha256 } from "./bytes.js";

const LEAF = Uint8Array.of(0), NODE = Uint8Array.of(1);

export const leafHash = (data) => sha256(LEAF, data);
export const nodeHash = (left, right) => sha256(NODE, left, right);

const half = (n) => Math.floor(n / 2);
const odd = (n) => n % 2 === 1;

// Whether `proof` shows the leaf hash `leaf` at `index` (from 0) in the tree of `size` leaves.
export async function isIncluded(leaf, index, size, proof, root) {
  if (!(index >= 0 && index < size)) return false;
  let place = index, last = size - 1, hashed = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (odd(place) || place === last) {
      hashed = await nodeHash(sibling, hashed);
      while (!odd(place) && place) [place, last] = [half(place), half(last)];
    } else {
      hashed = await nodeHash(hashed, sibling);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && same(hashed, root);
}

// Whether `proof` shows that the tree of `second` leaves begins with that of `first`, of which there is one at least.
export async function isConsistent(first, second, firstRoot, secondRoot, proof) {
  if (!(first > 0 && first <= second)) return false;
  if (first === second) return !proof.length && same(firstRoot, secondRoot);
  const path = isPowerOfTwo(first) ? [firstRoot, ...proof] : [...proof];
  if (!proof.length) return false;
  let place = first - 1, last = second - 1;
  while (odd(place)) [place, last] = [half(place), half(last)];
  let before = path[0], after = path[0];
  for (const sibling of path.slice(1)) {
    if (last === 0) return false;
    if (odd(place) || place === last) {
      [before, after] = [await nodeHash(sibling, before), await nodeHash(sibling, after)];
      while (!odd(place) && place) [place, last] = [half(place), half(last)];
    } else {
      after = await nodeHash(after, sibling);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && same(before, firstRoot) && same(after, secondRoot);
}

function isPowerOfTwo(n) {
  while (n > 1 && !odd(n)) n = half(n);
  return n === 1;
}
