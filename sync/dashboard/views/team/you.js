// One's own page: what opens the hub for oneself.
import { html, useEffect, useState } from "../../lib/html.js";
import { app } from "../../lib/app.js";
import * as session from "../../lib/session.js";
import { Refused } from "../../lib/wire.js";
import { Link, Time } from "../parts.js";
import { Dialog, Ends, Field, Opens } from "./dialog.js";
import { teamPlace } from "./places.js";
import { MakeToken, TokenTable, useTokens } from "./tokens.js";

export function You({ crowd }) {
  const known = useTokens();
  const here = known.tokens?.find((token) => token.here);
  const limited = here && (here.read_only || here.profiles);
  const { expires } = app.rights;
  return html`<article class="page" aria-labelledby="you">
    <header class="page-head"><h2 id="you">${app.user}</h2>
      <p class="under">The token by which this page is open ${expires ? html`ends <${Time} of=${expires} />` : "does not end by itself"}.</p>
      <div class="tools"><${Link} class="quiet" to=${teamPlace("access", { who: app.user })}>What you may do<//></div>
    </header>
    <section aria-labelledby="own-tokens"><h2 id="own-tokens">Your tokens</h2>
      ${limited
        ? html`<p class="note">This page came by a token of limited scope, which makes no other tokens and ends none but itself.</p>`
        : html`<div class="tools"><${MakeToken} again=${known.again} /></div>`}
      <${TokenTable} of=${app.user} known=${known} revokes=${!limited} />
    </section>
    ${!limited && html`<${Password} crowd=${crowd} />`}
  </article>`;
}

// Nothing, where the hub takes no passwords.
function Password({ crowd }) {
  const [taken, setTaken] = useState(false);
  const [said, setSaid] = useState("");
  useEffect(() => {
    session.ways().then((ways) => setTaken(Boolean(ways.passwords)), () => {});
  }, [app.status.name]);
  if (!taken) return null;
  const user = crowd?.find("user", app.user);
  const known = user ? crowd.has("password", user.id) : null;
  const order = async (password, done) => {
    await app.connection.order({ order: "set_password", password });
    setSaid(done);
  };
  return html`<section aria-labelledby="password-of"><h2 id="password-of">Your password</h2>
    <p>${known === null ? "With a password you can sign in without a token." : known ? "You can sign in by a password." : "You have no password here."}</p>
    <p role="status">${said}</p>
    <div class="tools">
      <${Opens} label="Set a password">${(close) => html`<${Dialog} title="Your password" does="Set it" close=${close} act=${async (fields) => {
        if (fields.get("new") !== fields.get("again")) throw new Refused("differs", "the two are not the same");
        await order(fields.get("new"), "The password is set.");
      }}>
        <input class="hidden" name="user" autocomplete="username" value=${app.user} readonly tabindex="-1" aria-hidden="true" />
        <${Field} label="New password"><input name="new" type="password" autocomplete="new-password" required /><//>
        <${Field} label="Once more"><input name="again" type="password" autocomplete="new-password" required /><//><//>`}<//>
      ${known !== false && html`<${Ends} label="Remove it" title="Remove your password?" act=${() => order("", "The password is removed.")}>
        Nobody signs in by it any more. Tokens stay good.<//>`}
    </div>
  </section>`;
}
