// What this browser holds the hub of this address to: its key, and the last checkpoint of each profile.
// Nothing of it is secret.

const HUB = "stackroom.hub", SEEN = "stackroom.checkpoint.";

// { hub, key } of the hub that was met here, the key as text; null before any was.
export const pinned = () => JSON.parse(localStorage.getItem(HUB));
export const pin = (hub, key) => localStorage.setItem(HUB, JSON.stringify({ hub, key }));

// The note that was seen last of a profile; "" before any was.
export const seen = (profile) => localStorage.getItem(SEEN + profile) ?? "";
export const see = (profile, note) => localStorage.setItem(SEEN + profile, note);
export const unsee = (profile) => localStorage.removeItem(SEEN + profile);

// Whoever takes another hub, or another key, for good holds nobody to what the one before has signed.
export function unpin() {
  for (const name of Object.keys(localStorage)) if (name === HUB || name.startsWith(SEEN)) localStorage.removeItem(name);
}
