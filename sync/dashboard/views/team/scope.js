// Where a role is good: the whole hub, the profiles of a project, or one profile.
import { html } from "../../lib/html.js";
import { app } from "../../lib/app.js";
import { tail } from "../../lib/crowd.js";

export const profileName = (id) => (app.profiles ?? []).find((profile) => profile.id === id)?.name ?? tail(id);

// As `hub`, `project NAME` or `profile NAME`.
export function scopeName(crowd, scope) {
  if (!scope) return "the hub";
  const entity = crowd.entities.get(scope);
  return entity?.kind === "project" ? `project ${entity.name}` : `profile ${profileName(scope)}`;
}

export const ScopeChoice = ({ crowd, value, onChange }) => html`<select name="scope" value=${value} onChange=${onChange}>
  <option value="">the whole hub</option>
  <${Group} label="Projects" rows=${crowd.all("project")} />
  <${Group} label="Profiles" rows=${app.profiles ?? []} />
</select>`;

export const RoleChoice = ({ crowd, none }) => html`<select name="role">
  ${none && html`<option value="">${none}</option>`}
  ${crowd.roles.map((role) => html`<option key=${role.id} value=${role.id}>${role.name}</option>`)}
</select>`;

export const Group = ({ label, rows }) =>
  rows.length > 0 && html`<optgroup label=${label}>${rows.map((row) => html`<option key=${row.id} value=${row.id}>${row.name}</option>`)}</optgroup>`;
