// Where one is: the address, and moving on from it.

import { app, show } from "./app.js";
import { parseRoute, place, withQuery } from "./route.js";

const PAUSE = 250; // milliseconds after which somebody who types has stopped

let arrived = () => {};

// Has `told` called whenever somebody has come to another address.
export function startGoing(told) {
  arrived = told;
  addEventListener("popstate", () => {
    clearTimeout(untold?.timer);
    untold = null; // It was of the place that was left.
    arrive();
  });
  addEventListener("pagehide", tellAddress);
}

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
  arrived();
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
