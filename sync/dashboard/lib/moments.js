// Looking back: the profile as it was at any moment.

import { app, changed } from "./app.js";
import { parse } from "./exact.js";
import { Refused } from "./wire.js";
import { World } from "./world.js";

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

// Has the page show the moment of its address, once that is there.
export async function lookBack() {
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
