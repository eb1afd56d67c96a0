// Everybody who has an account here, and the page of one of them.
import { html } from "../../lib/html.js";
import { app } from "../../lib/app.js";
import { many } from "../../lib/words.js";
import { Search } from "../filters.js";
import { Grid } from "../grid.js";
import { Empty, Link, Shown, Who } from "../parts.js";
import { Invite } from "./invitations.js";
import { NewService, Person } from "./person.js";
import { userPlace } from "./places.js";
import { scopeName } from "./scope.js";

export function People({ crowd, writes }) {
  const name = app.route.query.get("user");
  if (name !== null) return html`<${Person} key=${name} name=${name} crowd=${crowd} writes=${writes} />`;
  const rows = crowd.all("user");
  const words = (app.route.query.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const found = rows.filter((row) => words.every((word) => wordsOf(crowd, row).includes(word)));
  const columns = [
    { key: "name", title: "Name", rem: 11, grow: 1.2, cell: (row, tab) => html`
      <${Link} class="name" tabindex=${tab} to=${userPlace(row.name)}>${row.name}<//><${UserMarks} of=${row.entity} />` },
    { key: "full", title: "Full name", rem: 9, cell: (row) => row.entity.full_name || html`<span class="none">none</span>` },
    { key: "teams", title: "Teams", rem: 8, cell: (row) => crowd.teamsOf(row.id).map((team) => team.name).join(", ") },
    { key: "roles", title: "Roles", rem: 15, grow: 1.8, cell: (row) => rolesOf(crowd, row).join(", ") || html`<span class="none">no role</span>` },
    { key: "since", title: "Joined", rem: 8, cell: (row) => html`<${Since} of=${row.entity} />` },
    { key: "tokens", title: "Tokens", rem: 6, grow: .5, cell: (row) => many(crowd.tokens.get(row.id)?.length ?? 0, "token") },
    { key: "keys", title: "Keys", rem: 5, grow: .5, cell: (row) => many(crowd.keys.get(row.id)?.length ?? 0, "key") },
  ];
  return html`<div class="tools tools-wide">
      <${Shown} some=${found.length} all=${rows.length} one="user" />
      <${Search} label="Search people" />
      ${writes && html`<${Invite} crowd=${crowd} kind="main" /><${NewService} />`}
    </div>
    ${found.length
      ? html`<${Grid} label="People" columns=${columns} rows=${found} />`
      : html`<${Empty} title="Nobody is like that"><p>None of ${many(rows.length, "user")} has all that is asked for.</p><//>`}`;
}

export const UserMarks = ({ of }) => html`${of.service && html`<span class="tag">service</span>`}
  ${of.active === false && html`<span class="tag tag-off">inactive</span>`}`;

// When an account was made.
export const Since = ({ of }) => html`<${Who} stamp=${of.stamps[""]} commits=${app.people.commits} />`;

export const rolesOf = (crowd, row) =>
  crowd.held(row.id).map(({ entity, team }) =>
    `${crowd.role(entity.role)} (${scopeName(crowd, entity.scope)}${team ? `, team ${team.name}` : ""})`);

const wordsOf = (crowd, row) =>
  [row.name, row.entity.full_name, row.entity.email, ...crowd.teamsOf(row.id).map((team) => team.name), ...rolesOf(crowd, row)]
    .join("\n").toLowerCase();
