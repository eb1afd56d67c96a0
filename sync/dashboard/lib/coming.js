// Coming in and leaving, and what the hub says meanwhile.

import { app, changed } from "./app.js";
import { parse } from "./exact.js";
import { go, startGoing } from "./going.js";
import { lookBack } from "./moments.js";
import * as offline from "./offline.js";
import { place } from "./route.js";
import * as session from "./session.js";
import { OTHERS } from "./signer.js";
import { Connection, Refused } from "./wire.js";
import { World } from "./world.js";

const LAST_PROFILE = "stackroom.profile";

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

export function start() {
  startGoing(() => {
    follow();
    lookBack();
  });
  app.outbox.notYet = notYet;
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
