// Who was invited and has not joined yet; and inviting somebody.
import { html } from "../../lib/html.js";
import { app } from "../../lib/app.js";
import { JOIN, makeSecret } from "../../lib/tokens.js";
import { Empty, Time, Who } from "../parts.js";
import { Dialog, Ends, Field, Once, Opens } from "./dialog.js";
import { Lasting, lifetime } from "./lasting.js";
import { propose } from "./proposing.js";
import { RoleChoice, ScopeChoice, scopeName } from "./scope.js";
import { Table } from "./table.js";

export function Invitations({ crowd, writes }) {
  const rows = crowd.all("invitation");
  return html`<div class="page">
    ${writes && html`<div class="tools"><${Invite} crowd=${crowd} kind="main" /></div>`}
    ${!rows.length && html`<${Empty} title="Nobody is invited"><p>An invitation is a code that is good once: whoever has it joins by it.</p><//>`}
    ${rows.length > 0 && html`<${Table} label="Open invitations" titles=${["Name", "Role", "Teams", "Ends", "Invited by", "Code"]} acts=${writes}>${rows.map(({ id, name, entity }) => html`<tr key=${id}>
        <th scope="row">${name}</th>
        <td>${entity.role ? `${crowd.role(entity.role)} (${scopeName(crowd, entity.scope)})` : html`<span class="none">let in again</span>`}</td>
        <td>${Object.keys(entity.teams ?? {}).map((team) => crowd.name(team)).join(", ")}</td>
        <td><${Time} of=${entity.expires} /></td>
        <td><${Who} stamp=${entity.stamps[""]} commits=${app.people.commits} /></td>
        <td><code>${entity.prefix}…</code></td>
        ${writes && html`<td><${Ends} label="Withdraw" name=${`Withdraw the invitation of ${name}`} title=${`Withdraw the invitation of ${name}?`}
          act=${() => propose([{ type: "InvitationEnded", entity: id, body: {} }], `the invitation of ${name} is withdrawn`)}>
          Its code opens nothing any more.<//></td>`}
      </tr>`)}<//>`}
  </div>`;
}

// Invites somebody; with `again`, one who is a user already and lost what let them in.
export const Invite = ({ crowd, again = "", kind }) => html`<${Opens} label=${again ? "Invite again" : "Invite somebody"} kind=${kind}>
  ${(close) => html`<${Dialog} title=${again ? `Let ${again} in again` : "Invite somebody"} does="Make the code" close=${close} act=${(fields) => invite(again, fields)}>
    ${again
      ? html`<p>A code is made by which ${again} comes in once more, with what they may do already.</p>`
      : html`
        <${Field} label="Name" hint="It signs what they change, and is nobody else's ever after."><input name="user" required autocomplete="off" spellcheck="false" maxlength="64" /><//>
        <${Field} label="Role"><${RoleChoice} crowd=${crowd} /><//>
        <${Field} label="Good for"><${ScopeChoice} crowd=${crowd} /><//>
        ${crowd.all("team").length > 0 && html`<fieldset class="asks"><legend>Teams</legend><div class="checks">
          ${crowd.all("team").map((team) => html`<label key=${team.id}><input type="checkbox" name="team" value=${team.id} /> ${team.name}</label>`)}</div></fieldset>`}`}
    <${Lasting} label="The code is good for" days=${[1, 7, 30]} chosen=${7} /><//>`}
<//>`;

// The secret is made here: the hub is told its prefix and its hash.
async function invite(again, fields) {
  const user = again || fields.get("user").trim();
  const { text, prefix, hash } = await makeSecret(JOIN);
  const roles = again ? {} : { role: fields.get("role"), scope: fields.get("scope"), teams: fields.getAll("team") };
  await app.connection.order({ order: "invite", user, prefix, hash, lifetime: lifetime(fields), ...roles });
  const { origin } = location;
  return html`<p>${user} can join once, by either of these. They are not shown again.</p>
    <${Once} label="On the command line" text=${`stackroom join ${origin.replace(/^http/, "ws")}#${text}`} copy="Copy the command" />
    <${Once} label="In a browser" text=${`${origin}/#${text}`} copy="Copy the link" />`;
}
