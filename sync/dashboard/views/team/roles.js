// Roles, which are sets of permissions; and who was given which, where.
import { html } from "../../lib/html.js";
import { app } from "../../lib/app.js";
import { newId } from "../../lib/edits.js";
import { pointer } from "../../lib/paths.js";
import { PERMISSIONS } from "../../lib/permissions.js";
import { many } from "../../lib/words.js";
import { Empty, Link, Who } from "../parts.js";
import { Dialog, Ends, Field, Opens } from "./dialog.js";
import { teamPlace, userPlace } from "./places.js";
import { propose } from "./proposing.js";
import { Group, RoleChoice, ScopeChoice, scopeName } from "./scope.js";
import { Table } from "./table.js";

export function Roles({ crowd, writes }) {
  return html`<div class="page">
    <${Assignments} crowd=${crowd} writes=${writes} />
    <section aria-labelledby="roles"><h2 id="roles">What roles are made of</h2>
      ${writes && html`<div class="tools"><${EditRole} /></div>`}
      <${Matrix} roles=${crowd.roles} />
      ${writes && html`<ul class="chips" aria-label="Roles of this hub">${crowd.all("role").map((row) => html`<${Own} key=${row.id} row=${row} crowd=${crowd} />`)}</ul>`}
    </section>
  </div>`;
}

function Assignments({ crowd, writes }) {
  const rows = crowd.all("assignment");
  return html`<section aria-labelledby="given"><h2 id="given">Who holds which role</h2>
    ${writes && html`<div class="tools"><${GiveRole} crowd=${crowd} kind="main" /></div>`}
    ${!rows.length && html`<${Empty} title="Nobody holds a role" />`}
    ${rows.length > 0 && html`<${Table} label="Roles that are held" titles=${["Who", "Role", "Good for", "Why", "Given by"]} acts=${writes}>${rows.map((row) => html`<tr key=${row.id}>
        <th scope="row"><${Subject} crowd=${crowd} id=${row.entity.subject} /></th>
        <td>${crowd.role(row.entity.role)}</td>
        <td>${scopeName(crowd, row.entity.scope)}</td>
        <td>${row.entity.description}</td>
        <td><${Who} stamp=${row.entity.stamps[""]} commits=${app.people.commits} /></td>
        ${writes && html`<td><${Revoke} crowd=${crowd} row=${row} /></td>`}
      </tr>`)}<//>`}
  </section>`;
}

function Subject({ crowd, id }) {
  const name = crowd.name(id);
  const { kind } = crowd.entities.get(id) ?? {};
  if (kind === "user") return html`<${Link} to=${userPlace(name)}>${name}<//>`;
  return kind === "team" ? html`<${Link} to=${teamPlace("teams")}>team ${name}<//>` : name;
}

export function Revoke({ crowd, row: { id, entity } }) {
  const role = crowd.role(entity.role), who = crowd.name(entity.subject), where = scopeName(crowd, entity.scope);
  return html`<${Ends} label="Revoke" name=${`Revoke ${role} of ${who}`} title=${`Revoke ${role} of ${who}?`}
    act=${() => propose([{ type: "RoleRevoked", entity: id, body: {} }], `${role} of ${who} for ${where} is revoked`)}>
    It was good for ${where}. What they may do by it alone ends at once.<//>`;
}

// Gives a role to a user or team; `to` is its id, where it is known already.
export const GiveRole = ({ crowd, to, kind }) => html`<${Opens} label="Give a role" name=${to && `Give a role to ${crowd.name(to)}`} kind=${kind}>${(close) => html`<${Dialog}
    title=${to ? `Give a role to ${crowd.name(to)}` : "Give a role"} does="Give it" close=${close} act=${(fields) => give(crowd, to ?? fields.get("subject"), fields)}>
  ${!to && html`<${Field} label="To"><select name="subject"><${Group} label="Users" rows=${crowd.all("user")} /><${Group} label="Teams" rows=${crowd.all("team")} /></select><//>`}
  <${Field} label="Role"><${RoleChoice} crowd=${crowd} /><//>
  <${Field} label="Good for"><${ScopeChoice} crowd=${crowd} /><//>
  <${Field} label="Why" hint="It stands in the history."><input name="description" autocomplete="off" /><//><//>`}<//>`;

function give(crowd, subject, fields) {
  const [role, scope, description] = ["role", "scope", "description"].map((name) => fields.get(name).trim());
  const message = `${crowd.role(role)} for ${scopeName(crowd, scope)} is given to ${crowd.name(subject)}`;
  return propose([{ type: "RoleAssigned", entity: newId(), body: { name: "", subject, role, scope, description } }], message);
}

const Matrix = ({ roles }) => html`<${Table} kind="matrix" label="Permissions by role" titles=${["Permission", ...roles.map((role) => role.name)]}>
  ${Object.entries(PERMISSIONS).map(([permission, what]) => html`<tr key=${permission}>
    <th scope="row"><code>${permission}</code><span class="hint">${what}</span></th>
    ${roles.map((role) => html`<td key=${role.id}>${role.permissions.includes(permission) ? html`<span class="has">yes</span>` : html`<span class="hidden">no</span>`}</td>`)}
  </tr>`)}<//>`;

function Own({ row: { id, name, entity }, crowd }) {
  const given = crowd.naming(id);
  return html`<li>${name} ${entity.description && html`<span class="muted">${entity.description}</span>`}
    <${EditRole} row=${{ id, name, entity }} />
    <${Ends} label="Delete" name=${`Delete role ${name}`} title=${`Delete role ${name}?`}
      act=${() => propose([...given.map((each) => ({ type: "RoleRevoked", entity: each.id, body: {} })), { type: "RoleDeleted", entity: id, body: {} }], `role ${name} is deleted`)}>
      It is held ${many(given.length, "time")}: what is held by it alone ends at once.<//></li>`;
}

// Makes a role, or changes what one of this hub's own lets people do.
const EditRole = ({ row }) => html`<${Opens} label=${row ? "Change" : "Add a role"} name=${row && `Change role ${row.name}`}>${(close) => html`<${Dialog}
    title=${row ? `Role ${row.name}` : "A new role"} does=${row ? "Save" : "Add"} close=${close} act=${(fields) => keep(row, fields)}>
  ${!row && html`<${Field} label="Name"><input name="name" required autocomplete="off" maxlength="200" /><//>`}
  <${Field} label="What it is for"><input name="description" defaultValue=${row?.entity.description ?? ""} autocomplete="off" /><//>
  <fieldset class="asks"><legend>It lets people</legend><div class="checks checks-down">${Object.entries(PERMISSIONS).map(([permission, what]) => html`<label key=${permission}>
    <input type="checkbox" name="permission" value=${permission} defaultChecked=${permission in (row?.entity.permissions ?? {})} /> <span><code>${permission}</code> ${what}</span></label>`)}</div></fieldset><//>`}<//>`;

function keep(row, fields) {
  const chosen = fields.getAll("permission"), description = fields.get("description").trim();
  if (!row) {
    const name = fields.get("name").trim();
    const body = { name, description, permissions: Object.fromEntries(chosen.map((each) => [each, true])) };
    return propose([{ type: "RoleCreated", entity: newId(), body }], `role ${name} is added`);
  }
  const before = Object.keys(row.entity.permissions ?? {});
  const added = chosen.filter((each) => !before.includes(each));
  const set = Object.fromEntries(added.map((each) => [pointer("permissions", each), true]));
  const unset = before.filter((each) => !chosen.includes(each)).map((each) => pointer("permissions", each));
  if (description !== (row.entity.description ?? "")) set["/description"] = description;
  if (!Object.keys(set).length && !unset.length) return undefined;
  return propose([{ type: "RoleUpdated", entity: row.id, body: { set, unset } }], `role ${row.name} is changed`);
}
