// Coming in: by a token, a one-time code, a password or the hub's provider, as the hub takes them.
import { html, useEffect, useState } from "../lib/html.js";
import { app, changed } from "../lib/app.js";
import { connect } from "../lib/coming.js";
import { go } from "../lib/going.js";
import * as session from "../lib/session.js";
import { sentence } from "../lib/words.js";
import { Command, Copy, Problem, Waiting } from "./parts.js";

export function SignIn() {
  const [ways, setWays] = useState(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const [code] = useState(invited);
  const [secret, setSecret] = useState(code);
  // What the provider sent the browser back with stands behind the # of the address, and not for long.
  const [brought] = useState(() => (app.route.view === "done" ? location.hash.slice(1) : ""));

  useEffect(() => {
    // A code is not left in the address, where it would be kept.
    if (code) history.replaceState(null, "", location.pathname + location.search);
    session.ways().then(setWays, (error) => (setWays({}), setProblem(error.message)));
  }, []);

  async function enter(work) {
    setBusy(true);
    setProblem("");
    try {
      app.fresh = (await work()) ?? null;
      if (app.fresh) changed();
      else connect();
    } catch (error) {
      setProblem(error.message);
      setBusy(false);
    }
  }
  const submit = (work) => (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    if (!busy) enter(() => work(Object.fromEntries(new FormData(form))));
  };

  if (app.fresh) return html`<${KeepIt} />`;
  if (!session.canSignIn()) {
    return html`<${Card}><${Problem}>Browsers sign in over TLS, or on the hub's own machine: this page came by neither.<//>
      <p>The hub's operator turns TLS on: <${Command}>stackroom hub init --tls self-signed<//></p><//>`;
  }
  if (brought) return html`<${Done} code=${brought} enter=${enter} busy=${busy} problem=${problem} />`;
  return html`<${Card}>
    ${app.reason && html`<p class="note" role="status">You were signed out: ${app.reason}.</p>`}
    ${problem && html`<${Problem}>${sentence(problem)}<//>`}
    <form onSubmit=${submit(({ secret, user }) => session.bySecret(secret.trim(), user?.trim()))}>
      <label for="secret">Token or one-time code</label>
      <input id="secret" name="secret" type="password" autocomplete="off" required spellcheck="false"
        value=${secret} onInput=${(e) => setSecret(e.currentTarget.value)} aria-describedby="secret-hint" />
      ${session.isSetUp(secret.trim()) && html`<label for="first">Your name, as the hub's first administrator</label>
        <input id="first" name="user" autocomplete="username" required />`}
      ${code && secret === code && html`<p role="status">You were invited: the code of your invitation is filled in.</p>`}
      <p id="secret-hint" class="hint">A code comes with an invitation; <${Command}>stackroom token create laptop<//> makes a token.</p>
      <button type="submit" class="main" disabled=${busy}>Sign in</button>
    </form>
    ${ways?.passwords && html`<form onSubmit=${submit(({ user, password }) => session.byPassword(user.trim(), password))}>
      <p class="or">or by a password</p>
      <label for="user">User</label><input id="user" name="user" autocomplete="username" required />
      <label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required />
      <button type="submit" class="main" disabled=${busy}>Sign in by password</button>
    </form>`}
    ${ways?.oidc && html`<p class="or">or</p>
      <button type="button" class="main" onClick=${session.leaveForProvider}>Sign in at ${new URL(ways.oidc.issuer).host}</button>`}
    ${busy && html`<${Waiting}>Signing in<//>`}
  <//>`;
}

// The code of an invitation, where somebody came by its link.
function invited() {
  const code = location.hash.slice(1);
  return app.route.view !== "done" && session.isCode(code) ? code : "";
}

const Card = ({ children }) => html`<main class="door"><div class="card">
  <h1 tabindex="-1"><span class="brand">Stackroom</span> ${location.host}</h1>${children}</div></main>`;

// The provider knows who it is: they come in here, or by another program.
function Done({ code, enter, busy, problem }) {
  const [left] = useState(session.cameBack);
  const comeIn = () =>
    enter(async () => {
      await session.bySecret(code, "");
      go("/", { replace: true });
    });
  useEffect(() => {
    history.replaceState(null, "", location.pathname);
    if (left) comeIn();
  }, []);
  if (left && !problem) return html`<${Card}><${Waiting}>Signing in<//><//>`;
  return html`<${Card}>
    ${problem ? html`<${Problem}>${sentence(problem)}<//>` : html`<p>The provider knows you. Come in here, within a minute:</p>`}
    <button type="button" class="main" disabled=${busy} onClick=${comeIn}>Open the dashboard</button>
    <p class="or">or on this machine's command line</p>
    <${Command}>stackroom join ${location.origin.replace(/^http/, "ws")}#${code}<//>
  <//>`;
}

// A one-time code made a token that lasts, and only its holder has it.
function KeepIt() {
  const token = app.fresh;
  const go = () => {
    app.fresh = null;
    connect();
  };
  return html`<${Card}>
    <p>You are in. This is your token: it opens the hub wherever you are, and is not shown again.</p>
    <pre class="secret" tabindex="0" aria-label="Your token">${token}</pre>
    <p class="hint">On the command line: <${Command}>stackroom connect ${location.origin.replace(/^http/, "ws")} --token TOKEN<//></p>
    <div class="tools"><${Copy} text=${token}>Copy the token<//>
      <button type="button" class="main" onClick=${go}>I have kept it</button></div>
  <//>`;
}
