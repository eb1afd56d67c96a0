// One user: who it is, what they hold, what lets them in.
import { html, useEffect, useRef } from "../../lib/html.js";
import { app } from "../../lib/app.js";
import { fromHex, toBase64 } from "../../lib/bytes.js";
import { newId } from "../../lib/edits.js";
import { Empty, Link, Time, Who } from "../parts.js";
import { Dialog, Ends, Field, Opens } from "./dialog.js";
import { Invite } from "./invitations.js";
import { Since, UserMarks } from "./people.js";
import { teamPlace } from "./places.js";
import { propose } from "./proposing.js";
import { GiveRole, Revoke } from "./roles.js";
import { scopeName } from "./scope.js";
import { Table } from "./table.js";
import { MakeToken, TokenTable } from "./tokens.js";

export function Person({ name, crowd, writes }) {
  const head = useRef(null);
  useEffect(() => head.current?.focus(), []);
  const row = crowd.find("user", name);
  if (!row) return html`<${Empty} title=${`There is no user ${name} now`}><p><${Link} to=${teamPlace("people")}>All people<//></p><//>`;
  const { id, entity } = row;
  const active = entity.active !== false;
  const ways = [crowd.has("password", id) && "a password", crowd.has("identity", id) && "the hub's provider"].filter(Boolean);
  return html`<article class="page" aria-labelledby="person">
    <header class="page-head">
      <h2 id="person" tabindex="-1" ref=${head}>${name}<${UserMarks} of=${entity} /></h2>
      <p class="under">${[entity.full_name, entity.email].filter(Boolean).join(", ")}</p>
      <p class="under">${entity.service ? "The account of a program" : "An account"}, made by <${Since} of=${entity} />
        ${ways.length > 0 && html`; signs in by ${ways.join(" and ")}`}</p>
      <div class="tools">
        <${Link} class="quiet" to=${teamPlace("access", { who: name })}>What they may do<//>
        ${writes && html`
          <${GiveRole} crowd=${crowd} to=${id} />
          ${!entity.service && html`<${Invite} crowd=${crowd} again=${name} />`}
          <${Details} row=${row} />
          ${active
            ? html`<${Ends} label="Deactivate" title=${`Deactivate ${name}?`} act=${() => set(row, { "/active": false }, `${name} is deactivated`)}>
                They are signed out at once, everywhere, and may do nothing until they are active again.<//>`
            : html`<${Opens} label="Activate">${(close) => html`<${Dialog} title=${`Activate ${name}?`} does="Activate" close=${close}
                act=${() => set(row, { "/active": true }, `${name} is active again`)}><p>What they hold is good again, and so are their tokens.</p><//>`}<//>`}`}
      </div>
    </header>
    <${Roles} crowd=${crowd} id=${id} writes=${writes} />
    <section aria-labelledby="tokens"><h2 id="tokens">Tokens</h2>
      ${writes && entity.service && html`<div class="tools"><${MakeToken} owner=${row} /></div>`}
      <${TokenTable} of=${name} everybody revokes=${writes} />
    </section>
    <${Keys} crowd=${crowd} row=${row} writes=${writes} />
  </article>`;
}

const set = (row, values, message) => propose([{ type: "UserUpdated", entity: row.id, body: { set: values } }], message);

const Details = ({ row }) => html`<${Opens} label="Edit">${(close) => html`<${Dialog} title=${`What is said of ${row.name}`} does="Save" close=${close}
    act=${(fields) => set(row, { "/full_name": fields.get("full_name").trim(), "/email": fields.get("email").trim() }, `who ${row.name} is`)}>
  <${Field} label="Full name"><input name="full_name" defaultValue=${row.entity.full_name ?? ""} autocomplete="off" /><//>
  <${Field} label="Address"><input name="email" type="email" defaultValue=${row.entity.email ?? ""} autocomplete="off" /><//><//>`}<//>`;

function Roles({ crowd, id, writes }) {
  const held = crowd.held(id);
  return html`<section aria-labelledby="held"><h2 id="held">Roles</h2>
    ${!held.length && html`<p class="none">They hold no role: they may do nothing here.</p>`}
    ${held.length > 0 && html`<${Table} label="Roles" titles=${["Role", "Good for", "Through", "Given by"]} acts=${writes}>${held.map((row) => html`<tr key=${row.id}>
        <th scope="row">${crowd.role(row.entity.role)}</th>
        <td>${scopeName(crowd, row.entity.scope)}</td>
        <td>${row.team ? html`<${Link} to=${teamPlace("teams")}>team ${row.team.name}<//>` : "directly"}</td>
        <td><${Who} stamp=${row.entity.stamps[""]} commits=${app.people.commits} /></td>
        ${writes && html`<td>${!row.team && html`<${Revoke} crowd=${crowd} row=${row} />`}</td>`}
      </tr>`)}<//>`}
  </section>`;
}

function Keys({ crowd, row, writes }) {
  const keys = crowd.keys.get(row.id) ?? [];
  return html`<section aria-labelledby="keys-of"><h2 id="keys-of">Keys</h2>
    ${!keys.length && html`<p class="none">None of their replicas signs.</p>`}
    ${keys.length > 0 && html`<${Table} label="Keys" titles=${["Key", "Replica", "Since"]} acts=${writes}>${keys.map(({ id, name, entity }) => html`<tr key=${id}>
        <th scope="row"><code>${name}</code></th>
        <td><code>${entity.replica}</code></td>
        <td><${Time} of=${entity.created ?? 0} /></td>
        ${writes && html`<td><${Ends} label="Revoke" name=${`Revoke key ${name}`} title=${`Revoke key ${name} of ${row.name}?`}
          act=${() => app.connection.order({ order: "revoke_key", key: toBase64(fromHex(entity.public)) })}>
          Nothing that it signs is taken from now on; what it signed before stays signed.<//></td>`}
      </tr>`)}<//>`}
  </section>`;
}

// An account of a program, which gets its tokens from administrators.
export const NewService = () => html`<${Opens} label="Add a service">${(close) => html`<${Dialog} title="An account for a program" does="Add" close=${close}
    act=${(fields) => {
      const name = fields.get("name").trim();
      return propose([{ type: "UserCreated", entity: newId(), body: { name, service: true, full_name: fields.get("full_name").trim() } }], `${name} is added`);
    }}>
  <${Field} label="Name" hint="It signs what the program changes."><input name="name" required autocomplete="off" spellcheck="false" maxlength="64" /><//>
  <${Field} label="What it is"><input name="full_name" autocomplete="off" /><//><//>`}<//>`;
