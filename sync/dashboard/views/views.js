// Every view by its name in lib/route.js, and where the bar and the keys lead.
import { app } from "../lib/app.js";
import { may } from "../lib/edits.js";
import { isAuthor } from "../lib/holdings.js";
import { many } from "../lib/words.js";
import { Activity } from "./activity.js";
import { Components } from "./components.js";
import { ComponentPage, StackPage } from "./entity.js";
import { later } from "./later.js";
import { Overview } from "./overview.js";

const componentForm = () => import("../later/component_form.js");
const conflicts = () => import("./conflicts.js");
const requests = () => import("./requests.js");
const stackForm = () => import("../later/stack_form.js");

// Views of a profile's world, which is given to them as `world`.
export const INSIDE = {
  overview: Overview,
  components: Components,
  stack: StackPage,
  component: ComponentPage,
  activity: Activity,
  compare: later(() => import("./compare.js"), "Compare"),
  conflicts: later(conflicts, "Conflicts"),
  conflict: later(conflicts, "ConflictPage"),
  requests: later(requests, "Requests"),
  request: later(requests, "RequestPage"),
  yours: later(() => import("../later/yours.js"), "Yours"),
  settings: later(() => import("../later/settings_form.js"), "Settings"),
  "new-stack": later(stackForm, "NewStack"),
  "edit-stack": later(stackForm, "EditStack"),
  "new-component": later(componentForm, "NewComponent"),
  "edit-component": later(componentForm, "EditComponent"),
};

// Views of the hub, whatever profile was looked at last.
export const OUTSIDE = {
  team: later(() => import("./team/team.js"), "Team"),
  hub: later(() => import("./hub/hub.js"), "Hub"),
};

// [title, key after `g`, address in the profile, the views that stand below it]
export const TABS = [
  ["Stacks", "s", [], ["overview", "stack", "new-stack", "edit-stack", "settings"]],
  ["Components", "c", ["components"], ["components", "component", "new-component", "edit-component"]],
  ["Activity", "a", ["activity"], ["activity", "compare"]],
];

// [title, key after `g`, address, view]
export const OF_HUB = [["Team", "t", "/team", "team"], ["Hub", "h", "/hub", "hub"]];

// How many one may approve oneself; where that is none, how many wait for others.
function requested(open) {
  const ours = may("profile.approve") ? open.filter(({ entity }) => !isAuthor(entity, app.user)) : [];
  return ours.length ? `${ours.length} to approve` : many(open.length, "waits for approval", "wait for approval");
}

// What waits for somebody: [title, key after `g`, address in the profile, what the bar says of those that are open]
export const QUEUES = [
  ["Conflicts", "x", ["conflicts"], (open) => `${open.length} in conflict`],
  ["Change requests", "r", ["requests"], requested],
];

// What stands in the title of the window.
export const TITLES = {
  components: "Components", activity: "Activity", compare: "Compare", conflicts: "Conflicts", conflict: "Conflict",
  requests: "Change requests", request: "Change request", team: "Team", hub: "Hub",
  yours: "Yours", settings: "Settings", "new-stack": "New stack", "new-component": "New component",
};
