// What the page knows, and how it came to know it. Views read `app`; whoever changes it calls `changed`.

import { Commits } from "./commits.js";
import { parse } from "./exact.js";
import { Outbox } from "./outbox.js";
import * as offline from "./offline.js";
import { laid } from "./overlay.js";
import { People } from "./people.js";
import { parseRoute, place, withQuery } from "./route.js";
import * as session from "./session.js";
import { OTHERS } from "./signer.js";
import { Connection, Refused } from "./wire.js";
import { Witness } from "./witness.js";
import { World } from "./world.js";

const FRAME = 16; // milliseconds: what comes within one is shown at once
const PAUSE = 250; // milliseconds after which somebody who types has stopped
const LAST_PROFILE = "stackroom.profile";

export const app = {
  phase: session.replica() ? "starting" : "out",
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
  outbox: new Outbox({ changed, notYet }),
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
function show() {
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

let renewals = 3; // how often this page becomes another replica: what the hub does not take of so many, it takes of none

// The hub does not take proposals of this replica as they are; those stay, and come again.
function notYet({ code }) {
  if ((code !== "replica_copied" && !OTHERS.includes(code)) || !renewals) return;
  // This browser's data were copied to another one, which goes on with the old identity; or its key was ended.
  renewals--;
  app.connection.end();
  session.becomeAnother();
  connect();
}

// Coming and going

export function start() {
  addEventListener("popstate", () => {
    clearTimeout(untold?.timer);
    untold = null; // It was of the place that was left.
    arrive();
  });
  addEventListener("pagehide", tellAddress);
  offline.install().then((opens) => (app.opensOffline = opens));
  if (app.phase === "starting") connect();
  else changed();
}

export function connect() {
  app.phase = "starting";
  app.reason = "";
  app.connection = new Connection(session.replica(), {
    status(status) {
      app.status = status;
      if (status.name === "waiting" && !app.live) openOffline();
      changed();
    },
    message: heard,
    turnedAway(sentence) {
      session.forget();
      leave(sentence);
    },
  });
  changed();
}

// What was there when the hub could be reached last, for whoever opens the page when it cannot.
async function openOffline() {
  const person = await offline.person();
  if (!person || app.live || app.status.name === "open") return;
  Object.assign(app, { user: person.user, rights: person.rights, profiles: person.profiles });
  const name = app.route.profile ?? localStorage.getItem(LAST_PROFILE);
  const wanted = person.profiles.find((p) => p.name === name);
  const kept = wanted && (await offline.recall(person.user, wanted.id));
  if (kept && !app.live && app.status.name !== "open") {
    Object.assign(app, { profile: wanted, live: kept.world, heard: kept.heard });
    app.commits.clear(app.connection, wanted.id);
    await app.outbox.show(person.user, wanted.id);
  }
  changed();
}

export async function signOut() {
  if (app.status.name !== "open") {
    // Only the hub can take the cookie away.
    app.stays = "You are signed in still: signing out needs the hub, which cannot be reached.";
    changed();
    return;
  }
  try {
    await session.signOut(app.connection);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    session.forget();
  }
  leave("");
}

function leave(reason) {
  app.connection?.end();
  Object.assign(app, {
    phase: "out", reason, connection: null, profiles: null, profile: null, refused: null, live: null, past: null, user: "",
    rights: null,
  });
  app.people.forget();
  app.commits.clear(null, "");
  app.witness.clear(null, "");
  offline.forget();
  changed();
}

// What the hub says

let incoming = null; // entities that come after a connection was made, until they are complete

function heard(message) {
  switch (message.type) {
    case "welcome":
      app.stays = "";
      app.upgraded ||= app.server !== "" && app.server !== message.server;
      Object.assign(app, { phase: "in", user: message.user, server: message.server });
      app.profile = null;
      app.witness.met(message);
      app.people.came();
      app.connection.say({ type: "list_profiles" });
      app.outbox.user = message.user;
      app.outbox.push(app.connection);
      break;
    case "rights":
      app.rights = message;
      app.people.allow(app.connection, message.people ?? "");
      if (message.renew) renew();
      break;
    case "profiles":
      app.profiles = (message.profiles ?? []).filter((p) => !p.deleted);
      follow();
      break;
    case "changed":
      if (message.profile === app.profile?.id) take(message);
      else if (message.profile === app.people.id) app.people.take(message);
      break;
    case "error":
      if (message.code === "forbidden") offline.forget(message.profile);
      if (message.profile && message.profile === app.profile?.id) app.refused = message.sentence;
      break;
  }
  changed();
}

async function renew() {
  try {
    await app.connection.order({ order: "renew_token" });
  } catch (error) {
    // A sign-in's own token is not renewed: who is sent away signs in again.
    if (!(error instanceof Refused)) throw error;
  }
}

function take({ seq, entities, complete = true, era = 0 }) {
  const target = incoming ?? app.live;
  target.take(parse(entities));
  target.seq = seq;
  target.told = complete ? { era, by: app.connection.welcome } : null;
  app.heard = Date.now();
  if (complete && incoming) {
    app.live = incoming;
    incoming = null;
  }
  if (!incoming) offline.keepSoon(app);
}

// Watches the profile of the address, once it is known.
function follow() {
  const { route, profiles, connection } = app;
  if (!profiles) return;
  if (route.view === "home") {
    const last = localStorage.getItem(LAST_PROFILE);
    const first = profiles.find((p) => p.name === last) ?? profiles[0];
    if (first) go(place(first.name), { replace: true });
    return;
  }
  if (!route.profile && app.profile) return;
  const name = route.profile ?? localStorage.getItem(LAST_PROFILE);
  // Beside the views of the hub, some profile is at hand.
  const wanted = profiles.find((p) => p.name === name) ?? (route.profile ? null : (profiles[0] ?? null));
  if (wanted?.id === app.profile?.id) {
    app.profile = wanted;
    return;
  }
  if (app.profile) connection.say({ type: "unwatch", profile: app.profile.id });
  // After a lost connection, what was shown stays until what is now has come.
  if (app.commits.profile !== wanted?.id) app.live = null;
  Object.assign(app, { profile: wanted, refused: null, past: null });
  app.commits.clear(connection, wanted?.id ?? "");
  app.witness.clear(connection, wanted?.id ?? "");
  incoming = null;
  if (wanted) {
    incoming = new World();
    localStorage.setItem(LAST_PROFILE, wanted.name);
    app.outbox.show(app.user, wanted.id);
    app.witness.follow();
    connection.say({ type: "watch", profile: wanted.id });
    lookBack();
  }
}

// Where one is, and when

export function go(path, { replace = false } = {}) {
  tellAddress();
  history[replace ? "replaceState" : "pushState"](null, "", path);
  arrive({ moved: !replace });
}

// The address that the browser is to show, once somebody pauses: to tell it takes as long as to show what was typed.
let untold = null;

function tellAddress() {
  if (!untold) return;
  clearTimeout(untold.timer);
  history.replaceState(null, "", untold.path);
  untold = null;
}

function arrive({ moved = false, path = location.href } = {}) {
  const before = app.route;
  app.route = parseRoute(new URL(path, location.href));
  const of = ({ view, name, seq }) => [view, name, seq].join("\n");
  app.moved = moved && of(before) !== of(app.route);
  follow();
  lookBack();
  show();
}

// Changes values of the address's query, as filters do: not a step to come back to.
export function setQuery(changes) {
  const path = withQuery(location.pathname, app.route.query, changes);
  clearTimeout(untold?.timer);
  untold = { path, timer: setTimeout(tellAddress, PAUSE) };
  arrive({ path });
}

// The address of something in this profile, at the moment that is looked at.
export function to(...names) {
  const path = place(app.route.profile ?? app.profile.name, ...names);
  return app.route.at ? `${path}?at=${app.route.at}` : path;
}

// The profile as it was; throws Refused.
export function worldAt(moment) {
  const from = nearest(moment);
  let found = null;
  const question = { type: "look", profile: app.profile.id, seq: moment, held: from?.seq ?? 0, era: from?.told.era ?? 0 };
  // What is held now may be another moment's when the answer comes.
  const held = new Map(from?.entities);
  const by = app.connection.welcome;
  return app.connection.ask(question, ({ seq, entities, complete = true, held: since = 0, era = 0 }) => {
    if (found?.since !== since) found = { since, era, world: new World(since ? held : new Map()) };
    const { world } = found;
    world.take(parse(entities));
    world.seq = seq;
    if (!complete) return undefined;
    // What came in parts, of which some are of before a value was taken out, is built upon by nobody.
    world.told = found.era === era ? { era, by } : null;
    return world;
  });
}

// The world that is known and nearest to that moment, of those that the hub can build upon; null if there is none.
function nearest(moment) {
  const known = [app.live, app.past?.world, app.past?.shown].filter((w) => w?.told && w.seq && w.told.by === app.connection.welcome);
  const away = (world) => Math.abs(world.seq - moment);
  return known.reduce((best, world) => (best && away(best) <= away(world) ? best : world), null);
}

async function lookBack() {
  const { at } = app.route;
  if (!at || !app.profile) {
    if (!at) app.past = null;
    return;
  }
  if (app.past?.at === at && !app.past.error) return;
  // What was shown stays, dimmed, until the other moment is there.
  app.past = { at, world: null, shown: app.past?.world ?? app.past?.shown ?? app.live };
  try {
    const found = await worldAt(at);
    if (app.past?.at === at) app.past = { at, world: found };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (app.past?.at === at) app.past = { ...app.past, error: error.message };
  }
  changed();
}
