// Why somebody may do something, or may not: the hub says by which roles they hold what, here it is put into words.
import { html, useEffect, useState } from "../../lib/html.js";
import { app } from "../../lib/app.js";
import { setQuery } from "../../lib/going.js";
import { PERMISSIONS, ROLES } from "../../lib/permissions.js";
import { Problem, Waiting } from "../parts.js";
import { profileName } from "./scope.js";

export function Access({ crowd }) {
  const { query } = app.route;
  const who = query.get("who") ?? app.user, where = query.get("where") ?? "", what = query.get("what") ?? "";
  const profile = (app.profiles ?? []).find((each) => each.name === where);
  const { explained, error } = useExplained(who, profile?.id ?? "");
  return html`<article class="page" aria-labelledby="access">
    <header class="page-head"><h2 id="access">Who may do what, and why</h2>
      <form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
        ${crowd
          ? html`<${Choice} name="who" label="Who" value=${who} options=${crowd.all("user").map((row) => [row.name, row.name])} />`
          : html`<span>What you may do</span>`}
        <${Choice} name="where" label="Where" value=${profile ? where : ""} options=${[["", "on the hub as a whole"], ...(app.profiles ?? []).map((each) => [each.name, `in ${each.name}`])]} />
        <${Choice} name="what" label="What" value=${what} options=${[["", "anything"], ...Object.keys(PERMISSIONS).map((each) => [each, each])]} />
      </form>
    </header>
    ${error && html`<${Problem}>This cannot be said: ${error}<//>`}
    ${!error && !explained && html`<${Waiting}>Asking the hub<//>`}
    ${explained && html`<${Answers} of=${explained} where=${profile ? where : ""} only=${what} crowd=${crowd} />`}
  </article>`;
}

// Asked again whenever the people, or one's own rights, change.
function useExplained(user, profile) {
  const [found, setFound] = useState({});
  const { connection, status, rights } = app;
  const asked = `${user} ${profile}`;
  useEffect(() => {
    if (!connection || status.name !== "open") return undefined;
    let over = false;
    connection.order({ order: "explain", user, profile }).then(
      ({ explained }) => over || setFound({ asked, explained }),
      (error) => over || setFound({ asked, error: error.message }),
    );
    return () => (over = true);
  }, [connection, status.name, rights, app.people.live?.seq, asked]);
  return found.asked === asked ? found : {};
}

function Answers({ of: { user, active, grants = [] }, where, only, crowd }) {
  const shown = Object.keys(PERMISSIONS).filter((permission) => (only ? permission === only : !where || inProfiles(permission)));
  return html`${!active && html`<p class="note">The account of ${user} is inactive: they may do nothing.</p>`}
    ${where && !only && html`<p class="muted">What is about people and the hub counts where it is held on the whole hub alone.</p>`}
    <table class="answers-to" aria-label=${`What ${user} may do`}><tbody>${shown.map((permission) => {
      const by = grants.filter((grant) => grant.permission === permission);
      return html`<tr key=${permission}>
        <th scope="row"><code>${permission}</code><span class="hint">${PERMISSIONS[permission]}</span></th>
        <td><b class=${by.length ? "has" : "lacks"}>${user} ${by.length ? "may" : "may not"}</b>
          ${by.length
            ? html`<ul>${by.map((grant) => html`<li key=${grant.assignment}>${because(grant)}</li>`)}</ul>`
            : html`<p class="muted">${active ? lacking(permission, crowd) : "The account is inactive."}</p>`}</td>
      </tr>`;
    })}</tbody></table>`;
}

const inProfiles = (permission) => !/^(people|hub)\./.test(permission);

const because = ({ role, team = "", project = "", scope = "" }) =>
  html`By the role <b>${role}</b>, which ${team ? html`the team <b>${team}</b> holds` : "they hold themselves"}
    ${" "}${!scope ? "for the whole hub" : project ? html`for the profiles of project <b>${project}</b>` : html`for the profile <b>${profileName(scope)}</b>`}.`;

function lacking(permission, crowd) {
  const roles = crowd ? crowd.roles : Object.entries(ROLES).map(([name, permissions]) => ({ name, permissions }));
  const having = roles.filter((role) => role.permissions.includes(permission)).map((role) => role.name);
  return `No role that they hold there has it. These have: ${having.join(", ")}.`;
}

const Choice = ({ name, label, value, options }) => html`<label class="choice"><span class="hidden">${label}</span>
  <select value=${value} onChange=${(event) => setQuery({ [name]: event.currentTarget.value })}>
    ${options.map(([each, text]) => html`<option key=${each} value=${each}>${text}</option>`)}
  </select></label>`;
