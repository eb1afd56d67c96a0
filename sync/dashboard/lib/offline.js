// For whoever opens the page while the hub cannot be reached: the page itself, kept by a worker, and what was shown
// last of each profile.
import * as database from "./database.js";
import { encode, parse } from "./exact.js";
import { World } from "./world.js";

const WORKER = "/worker.js";
const PAUSE = 2_000; // milliseconds after a change, in which others may come, until it is kept
const PERSON = "person"; // the key of who was signed in, beside those of profiles

// Only this very script may become a worker of the page.
const policy = globalThis.trustedTypes?.createPolicy("stackroom", {
  createScriptURL: (address) => {
    if (address !== WORKER) throw new TypeError(`${address} is no script of this page`);
    return address;
  },
});

// Resolves with whether the page will open without the hub: browsers keep none that came by a certificate they doubt.
export async function install() {
  if (!navigator.serviceWorker) return false;
  return navigator.serviceWorker.register(policy ? policy.createScriptURL(WORKER) : WORKER).then(
    () => true,
    () => false,
  );
}

let timer = null;

// Keeps what `app` shows, soon.
export function keepSoon(app) {
  timer ??= setTimeout(async () => {
    timer = null;
    const { user, profiles, rights, profile, live, heard } = app;
    if (!profile || !live || app.phase !== "in") return;
    const world = { user, seq: live.seq, heard, entities: encode(Object.fromEntries(live.entities)) };
    await database.write(["worlds"], ({ worlds }) => {
      worlds.put({ user, profiles, rights }, PERSON);
      worlds.put(world, profile.id);
    });
  }, PAUSE);
}

// Who was here last, { user, profiles, rights }; undefined if nobody was.
export const person = () => database.read(["worlds"], ({ worlds }) => database.of(worlds.get(PERSON)));

// { world, heard } of a profile as that user was shown it last; null if it was not.
export async function recall(user, profile) {
  const kept = await database.read(["worlds"], ({ worlds }) => database.of(worlds.get(profile)));
  if (kept?.user !== user) return null;
  return { world: new World(new Map(Object.entries(parse(kept.entities))), kept.seq), heard: kept.heard };
}

// Nobody who comes after is shown anything: of one profile, or of all.
export function forget(profile) {
  return database.write(["worlds"], ({ worlds }) => database.of(profile ? worlds.delete(profile) : worlds.clear()));
}
