// Every view by its name in lib/route.js, and where the bar and the keys lead.
import { Activity } from "./activity.js";
import { Compare } from "./compare.js";
import { Components } from "./components.js";
import { ComponentPage, StackPage } from "./entity.js";
import { Overview } from "./overview.js";

// Views of a profile's world, which is given to them as `world`.
export const INSIDE = {
  overview: Overview,
  components: Components,
  stack: StackPage,
  component: ComponentPage,
  activity: Activity,
  compare: Compare,
};

// Views of the hub, whatever profile was looked at last.
export const OUTSIDE = {};

// [title, key after `g`, address in the profile, the views that stand below it]
export const TABS = [
  ["Stacks", "s", [], ["overview", "stack"]],
  ["Components", "c", ["components"], ["components", "component"]],
  ["Activity", "a", ["activity"], ["activity", "compare"]],
];

// What stands in the title of the window.
export const TITLES = { components: "Components", activity: "Activity", compare: "Compare" };
