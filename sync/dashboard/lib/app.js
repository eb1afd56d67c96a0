// What the page knows. Views read `app`; whoever changes it calls `changed`.

import { Commits } from "./commits.js";
import { Outbox } from "./outbox.js";
import { laid } from "./overlay.js";
import { People } from "./people.js";
import { parseRoute } from "./route.js";
import { replica } from "./session.js";
import { Witness } from "./witness.js";

const FRAME = 16; // milliseconds: what comes within one is shown at once

export const app = {
  phase: replica() ? "starting" : "out",
  reason: "",
  fresh: null, // a token that a code made, until its holder has kept it
  status: { name: "connecting" },
  user: "",
  people: new People(changed),
  server: "",
  upgraded: false,
  stays: "", // why nobody was signed out
  opensOffline: false, // whether this page opens while the hub cannot be reached
  profiles: null,
  profile: null,
  refused: null, // why the profile is not shown
  live: null,
  past: null, // { at, world, error } of the moment that is looked at
  heard: 0, // when something was heard of the profile last
  route: parseRoute(new URL(location.href)),
  rights: null, // what the hub says that one may do
  commits: new Commits(changed),
  outbox: new Outbox(changed),
  witness: new Witness(changed),
  connection: null,
};

let listener = () => {};
let due = null;
export const onChange = (told) => (listener = told);

export function changed() {
  due ??= setTimeout(show, FRAME);
}

// What somebody does is shown at once.
export function show() {
  clearTimeout(due);
  due = null;
  listener();
}

// The world that the page shows: of now with one's own proposals on top, or of the moment in the address; null
// until it is there.
export function world() {
  if (!app.route.at) return app.live && view();
  return app.past?.at === app.route.at ? app.past.world : null;
}

let seen = {};

function view() {
  const { live, outbox } = app;
  if (seen.live !== live || seen.version !== live.version || seen.mine !== outbox.mine) {
    seen = { live, version: live.version, mine: outbox.mine, world: laid(live, outbox.pending) };
  }
  return seen.world;
}
