// What is typed into forms, kept by this browser until it is saved or discarded: a reload or a closed tab loses nothing.
import { app, changed } from "./app.js";
import { encode, parse } from "./exact.js";

const KEPT = "stackroom.draft/";

const mine = () => KEPT + [app.user, app.profile?.id].map(encodeURIComponent).join("/") + "/";

// Keeps what is typed at `place`, a view's address; `title` is what people call it.
export function keep(place, draft) {
  try {
    localStorage.setItem(mine() + encodeURIComponent(place), encode({ ...draft, time: Date.now() }));
    changed();
  } catch {
    // The browser has no room, or keeps nothing: leaving the form warns.
  }
}

export function kept(place) {
  const text = localStorage.getItem(mine() + encodeURIComponent(place));
  return text === null ? null : parse(text);
}

export function discard(place) {
  localStorage.removeItem(mine() + encodeURIComponent(place));
  changed();
}

// The places of all that this user has begun in this profile.
export function places() {
  const begins = mine();
  return Object.keys(localStorage).filter((key) => key.startsWith(begins)).map((key) => decodeURIComponent(key.slice(begins.length)));
}
