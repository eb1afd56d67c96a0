// What opens the hub: tokens of one user, made, listed and ended by orders.
import { html, useEffect, useState } from "../../lib/html.js";
import { app } from "../../lib/app.js";
import { PERSONAL, SERVICE, makeToken } from "../../lib/tokens.js";
import { Problem, Time, Waiting } from "../parts.js";
import { Dialog, Ends, Field, Once, Opens } from "./dialog.js";
import { Lasting, lifetime } from "./lasting.js";
import { Group, profileName } from "./scope.js";
import { Table } from "./table.js";

// The tokens that the hub lists, asked for again whenever something may have changed; null until they are there.
export function useTokens({ everybody = false } = {}) {
  const [found, setFound] = useState({ tokens: null, error: "" });
  const [asked, again] = useState(0);
  const { connection, status, rights } = app;
  const seq = app.people.live?.seq;
  useEffect(() => {
    if (!connection || status.name !== "open") return undefined;
    let over = false;
    connection.order({ order: "list_tokens", everybody }).then(
      ({ tokens = [] }) => over || setFound({ tokens, error: "" }),
      (error) => over || setFound({ tokens: found.tokens, error: error.message }),
    );
    return () => (over = true);
  }, [connection, status.name, rights, seq, everybody, asked]);
  return { ...found, again: () => again((n) => n + 1) };
}

// Tokens of the user of that name; `revokes`, if who looks may end them.
export function TokenTable({ of, everybody, revokes, known }) {
  const own = useTokens({ everybody });
  const { tokens, error, again } = known ?? own;
  if (error) return html`<${Problem}>The tokens cannot be shown: ${error}<//>`;
  if (!tokens) return html`<${Waiting}>Asking for the tokens<//>`;
  const rows = tokens.filter((token) => token.user === of);
  if (!rows.length) return html`<p class="none">There are no tokens.</p>`;
  return html`<${Table} label="Tokens" titles=${["Name", "Token", "Made", "Used", "Ends", "Good for"]} acts=${revokes}>${rows.map((token) => html`<tr key=${token.id}>
      <th scope="row">${token.name}${token.here && html`<span class="tag">this page</span>`}</th>
      <td><code>${token.prefix}…</code></td>
      <td><${Time} of=${token.created} /></td>
      <td>${token.used ? html`<${Time} of=${token.used} />` : "never"}</td>
      <td>${token.expires ? html`<${Time} of=${token.expires} />` : "never"}</td>
      <td>${limits(token)}</td>
      ${revokes && html`<td><${Ends} label="Revoke" name=${`Revoke token ${token.name}, ${token.prefix}`} title=${`Revoke token ${token.name} of ${token.user}?`}
        act=${async () => {
          await app.connection.order({ order: "revoke_token", token: token.id });
          again();
        }}>
        It opens nothing any more, and who came by it is signed out at once.${token.here ? " It is the one of this page: you will be signed out here." : ""}<//></td>`}
    </tr>`)}<//>`;
}

const limits = ({ read_only: reading, profiles }) =>
  [reading && "reading", ...(profiles ?? []).map(profileName)].filter(Boolean).join(", ") || "all";

// Makes a token for oneself, or for `owner`, who is a service.
export const MakeToken = ({ owner = null, again = () => {} }) => html`<${Opens} label="Make a token" kind="main">
  ${(close) => html`<${Dialog} title=${owner ? `A token for ${owner.name}` : "A token of yours"} does="Make it" close=${close} act=${(fields) => make(owner, fields, again)}>
    <${Field} label="Name" hint="For you, to know it by."><input name="name" required autocomplete="off" maxlength="200" /><//>
    <${Lasting} label="It is good for" days=${[1, 30, 90, 365]} chosen=${90} never />
    <${Field} label="It may"><select name="limit"><option value="">do what ${owner ? "the service" : "you"} may</option><option value="reading">read, and change nothing</option></select><//>
    <${Field} label="In"><select name="profile"><option value="">every profile, and the hub</option><${Group} label="One profile alone" rows=${app.profiles ?? []} /></select><//><//>`}
<//>`;

async function make(owner, fields, again) {
  const { text, order: token } = await makeToken(fields.get("name").trim(), owner ? SERVICE : PERSONAL);
  const scope = fields.get("profile") ? { profiles: [fields.get("profile")] } : {};
  await app.connection.order({
    order: "make_token", token, user: owner?.id ?? "", read_only: fields.get("limit") === "reading", lifetime: lifetime(fields), ...scope,
  });
  again();
  return html`<p>This opens the hub wherever it is kept. It is not shown again.</p>
    <${Once} label="The token" text=${text} copy="Copy the token" />
    <p class="hint">On the command line: <code class="command">stackroom connect ${location.origin.replace(/^http/, "ws")} --token TOKEN</code></p>`;
}
