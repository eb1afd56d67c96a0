// The people of the hub: who is there, who may what, and one's own tokens.
import { html, useEffect } from "../../lib/html.js";
import { app } from "../../lib/app.js";
import { crowdOf } from "../../lib/crowd.js";
import { mayOnHub } from "../../lib/edits.js";
import { Empty, Link, Waiting } from "../parts.js";
import { Access } from "./access.js";
import { Projects, Teams } from "./groups.js";
import { History } from "./history.js";
import { Invitations } from "./invitations.js";
import { People } from "./people.js";
import { teamPlace } from "./places.js";
import { Roles } from "./roles.js";
import { NotSettled } from "./waiting.js";
import { You } from "./you.js";

// [title, view]; those of the first row need the people, which are given to them as `crowd`.
const OF_PEOPLE = {
  people: ["People", People],
  invitations: ["Invitations", Invitations],
  teams: ["Teams", Teams],
  projects: ["Projects", Projects],
  roles: ["Roles", Roles],
  history: ["History", History],
};
const OF_ONESELF = { access: ["Access", Access], you: ["You", You] };

export function Team() {
  const { people, rights, route } = app;
  const reads = Boolean(rights?.people);
  const tabs = { ...(reads ? OF_PEOPLE : {}), ...OF_ONESELF };
  useEffect(() => {
    people.want(true);
    return () => people.want(false);
  }, []);
  const asked = route.query.get("tab") ?? (reads ? "people" : "you");
  const tab = Object.hasOwn(tabs, asked) ? asked : "you";
  const [, View] = tabs[tab];
  const offline = app.status.name === "waiting";
  const crowd = people.live && crowdOf(people.live);
  return html`<section class=${`view team ${tab === "people" ? "view-grid" : ""}`}>
    <header class="view-head">
      <h1 tabindex="-1">Team</h1>
      <nav class="tabs" aria-label="Team">${Object.entries(tabs).map(([name, [title]]) => html`<${Link} key=${name}
        to=${teamPlace(name)} aria-current=${name === tab ? "page" : undefined}>${title}<//>`)}</nav>
    </header>
    ${rights && !reads && html`<p class="note">You may not see the people of this hub (people.read): an administrator can
      grant it. What is yours is here.</p>`}
    ${people.id && html`<${NotSettled} />`}
    ${rights && (!reads || crowd)
      ? html`<${View} key=${tab} crowd=${crowd} writes=${reads && mayOnHub("people.write")} />`
      : offline ? html`<${Empty} title="The hub cannot be reached"><p>Its people are not kept in this browser: they come when it is back.</p><//>`
        : html`<${Waiting}>Reading the people<//>`}
  </section>`;
}
