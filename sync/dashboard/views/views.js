// Every view by its name in lib/route.js, and where the bar and the keys lead.
import { Activity } from "./activity.js";
import { Components } from "./components.js";
import { ConflictPage, Conflicts } from "./conflicts.js";
import { ComponentPage, StackPage } from "./entity.js";
import { Hub } from "./hub/hub.js";
import { Overview } from "./overview.js";
import { Team } from "./team/team.js";
import { RequestPage, Requests } from "./requests.js";

// Views of a profile's world, which is given to them as `world`.
export const INSIDE = {
  overview: Overview,
  components: Components,
  stack: StackPage,
  component: ComponentPage,
  activity: Activity,
  conflicts: Conflicts,
  conflict: ConflictPage,
  requests: Requests,
  request: RequestPage,
};

// Views of the hub, whatever profile was looked at last.
export const OUTSIDE = { team: Team, hub: Hub };

// [title, key after `g`, address in the profile, the views that stand below it]
export const TABS = [
  ["Stacks", "s", [], ["overview", "stack"]],
  ["Components", "c", ["components"], ["components", "component"]],
  ["Activity", "a", ["activity"], ["activity"]],
];

// [title, key after `g`, address, view]
export const OF_HUB = [["Team", "t", "/team", "team"], ["Hub", "h", "/hub", "hub"]];

// What waits for somebody: [title, key after `g`, address in the profile, what the bar says behind how many there are]
export const QUEUES = [
  ["Conflicts", "x", ["conflicts"], "in conflict"],
  ["Change requests", "r", ["requests"], "to approve"],
];

// What stands in the title of the window.
export const TITLES = {
  components: "Components", activity: "Activity", conflicts: "Conflicts", conflict: "Conflict",
  requests: "Change requests", request: "Change request", team: "Team", hub: "Hub",
};
