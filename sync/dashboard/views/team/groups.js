// Teams, which are users who hold roles together; and projects, which are profiles in which roles are held.
import { html } from "../../lib/html.js";
import { app } from "../../lib/app.js";
import { newId } from "../../lib/edits.js";
import { pointer } from "../../lib/paths.js";
import { many } from "../../lib/words.js";
import { Empty, Link } from "../parts.js";
import { Dialog, Ends, Field, Opens } from "./dialog.js";
import { userPlace } from "./places.js";
import { propose } from "./proposing.js";
import { GiveRole } from "./roles.js";
import { profileName, scopeName } from "./scope.js";

const TEAM = {
  kind: "team", event: "Team", field: "members", one: "member", none: "There are no teams",
  what: "A team is users who hold roles together.",
  rows: (crowd) => crowd.all("user"),
  member: (crowd, id) => crowd.entities.has(id) ? html`<${Link} to=${userPlace(crowd.name(id))}>${crowd.name(id)}<//>` : crowd.name(id),
  name: (crowd, id) => crowd.name(id),
  leaves: "What they held through the team alone ends at once.",
  roles: (crowd, id) => (crowd.given.get(id) ?? []).map(({ id: key, entity }) => [key, `${crowd.role(entity.role)} for ${scopeName(crowd, entity.scope)}`]),
};
const PROJECT = {
  kind: "project", event: "Project", field: "profiles", one: "profile", none: "There are no projects",
  what: "A project is profiles in which roles are held together.",
  rows: () => app.profiles ?? [],
  member: (crowd, id) => profileName(id),
  name: (crowd, id) => profileName(id),
  leaves: "Roles that are held in the project are good there no more, at once.",
  roles: (crowd, id) => crowd.all("assignment").filter(({ entity }) => entity.scope === id)
    .map(({ id: key, entity }) => [key, `${crowd.role(entity.role)}: ${crowd.name(entity.subject)}`]),
};

export const Teams = (props) => html`<${Groups} of=${TEAM} ...${props} />`;
export const Projects = (props) => html`<${Groups} of=${PROJECT} ...${props} />`;

function Groups({ of, crowd, writes }) {
  const rows = crowd.all(of.kind);
  return html`<div class="page">
    ${writes && html`<div class="tools"><${New} of=${of} /></div>`}
    ${!rows.length && html`<${Empty} title=${of.none}><p>${of.what}</p><//>`}
    ${rows.map((row) => html`<${Group} key=${row.id} of=${of} row=${row} crowd=${crowd} writes=${writes} />`)}
  </div>`;
}

function Group({ of, row, crowd, writes }) {
  const { id, name, entity } = row;
  const ids = Object.keys(entity[of.field] ?? {});
  const roles = of.roles(crowd, id);
  const others = of.rows(crowd).filter((each) => !ids.includes(each.id));
  const update = (body, message) => propose([{ type: `${of.event}Updated`, entity: id, body }], message);
  const title = `${of.kind}-${id}`;
  return html`<section class="group-of" aria-labelledby=${title}>
    <header><h2 id=${title}>${name}</h2><span class="muted">${entity.description}</span></header>
    <ul class="chips" aria-label=${of.field}>${ids.map((each) => html`<li key=${each}>
      ${of.member(crowd, each)}
      ${writes && html`<${Ends} label="Remove" name=${`Remove ${of.name(crowd, each)} from ${name}`} title=${`Remove ${of.name(crowd, each)} from ${name}?`}
        act=${() => update({ unset: [pointer(of.field, each)] }, `${of.name(crowd, each)} is removed from ${of.kind} ${name}`)}>${of.leaves}<//>`}</li>`)}</ul>
    ${!ids.length && html`<p class="none">No ${of.one} yet.</p>`}
    <p>${roles.length ? html`Roles: ${roles.map(([key, text], i) => html`${i > 0 && "; "}<span key=${key}>${text}</span>`)}` : html`<span class="none">No roles.</span>`}</p>
    ${writes && html`<div class="tools">
      ${others.length > 0 && html`<${Opens} label=${`Add a ${of.one}`} name=${`Add a ${of.one} to ${name}`}>${(close) => html`<${Dialog} title=${`Add to ${of.kind} ${name}`} does="Add" close=${close}
        act=${(fields) => {
          const each = fields.get("id");
          return update({ set: { [pointer(of.field, each)]: true } }, `${of.name(crowd, each)} is added to ${of.kind} ${name}`);
        }}><${Field} label=${of.one}><select name="id">${others.map((each) => html`<option key=${each.id} value=${each.id}>${each.name}</option>`)}</select><//><//>`}<//>`}
      ${of.kind === "team" && html`<${GiveRole} crowd=${crowd} to=${id} />`}
      <${Ends} label="Delete" name=${`Delete ${of.kind} ${name}`} title=${`Delete ${of.kind} ${name}?`} act=${() => end(of, row, crowd)}>
        It has ${many(ids.length, of.one)}, and is named in ${many(crowd.naming(id).length, "role that ends", "roles that end")} with it. ${of.leaves}<//>
    </div>`}
  </section>`;
}

// What was assigned to it, or in it, ends with it.
const end = ({ event, kind }, { id, name }, crowd) =>
  propose(
    [...crowd.naming(id).map((each) => ({ type: "RoleRevoked", entity: each.id, body: {} })), { type: `${event}Deleted`, entity: id, body: {} }],
    `${kind} ${name} is deleted`,
  );

const New = ({ of }) => html`<${Opens} label=${`Add a ${of.kind}`} kind="main">${(close) => html`<${Dialog} title=${`A new ${of.kind}`} does="Add" close=${close}
    act=${(fields) => {
      const name = fields.get("name").trim();
      const body = { name, description: fields.get("description").trim() };
      return propose([{ type: `${of.event}Created`, entity: newId(), body }], `${of.kind} ${name} is added`);
    }}>
  <${Field} label="Name"><input name="name" required autocomplete="off" maxlength="200" /><//>
  <${Field} label="What it is for"><input name="description" autocomplete="off" /><//><//>`}<//>`;
