// One open change request: what it would change, and its decision by another person.
import { html, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { may } from "../lib/edits.js";
import { isAuthor, wishes } from "../lib/holdings.js";
import { Message, Outcome, useDecision, waits } from "./decision.js";
import { Result, Unforeseen, stands, useRehearsal } from "./rehearsal.js";
import { Held, Wishes } from "./held.js";
import { Named } from "./named.js";
import { Command, Problem, Time, Waiting } from "./parts.js";

// `typed` is a box for what somebody has typed here and not sent, should others decide before.
export function OpenRequest({ id, entity: request, number, world, typed }) {
  const now = !app.route.at;
  const { answer, error } = useRehearsal(now ? { step: "approve", request: id } : null, world.seq);
  const outdated = answer?.code === "request_outdated";
  const opened = app.commits.of(number);
  return html`<article class="view page">
    <header class="page-head"><h1 tabindex="-1">Change request #${number}</h1>
      <p class="under">${opened && html`asked <${Time} of=${opened.accepted} />, `}${outdated ? "outdated" : "not decided yet"}</p></header>
    <${Held} holding=${request} says="asks" />
    <p class="protected">Protected: ${request.protected.length
      ? request.protected.map((each, i) => html`${i > 0 && ", "}<${Named} id=${each} world=${world} />`) : "what it builds on"}</p>
    <section aria-labelledby="result"><h2 id="result">What it would change</h2>
      ${outdated && html`<${Problem}>It cannot be approved any more: ${answer.sentence}. Its author makes it anew, on what stands now:
        <${Command}>stackroom request retry ${number}<//><//>`}
      ${error && html`<${Unforeseen} error=${error} />`}
      ${now && !answer && !error ? html`<${Waiting}>Asking the hub what would come of it<//>`
        : answer && Object.keys(answer.entities).length ? html`<${Result} entities=${answer.entities} world=${world} leftOut=${answer.left_out} />`
          : html`<div class="result"><${Wishes} of=${wishes(request)} world=${world} /></div>`}
    </section>
    ${now ? html`<${Decide} id=${id} request=${request} number=${number} answer=${answer} typed=${typed} />` : html`<p class="note">This is how it was at #${world.seq}.</p>`}
  </article>`;
}

// Whoever asked may withdraw it; another person approves or rejects it.
function Decide({ id, request, number, answer, typed }) {
  const [message, setMessage] = useState("");
  const { busy, outcome, send } = useDecision();
  const own = isAuthor(request, app.user);
  typed.current = busy || !message ? [] : [message];
  if (!own && !may("profile.approve")) return html`<p class="note">Whoever may approve decides; you may look at it.</p>`;
  const [{ author, proposal }] = request.held;
  const why = proposal.message.split("\n")[0];
  const approve = () => send(answer.changes, message || `approve #${number} of ${author}${why && `: ${why}`}`, answer.seq);
  const close = (choice) => () => send([{ type: "RequestClosed", entity: id, body: { choice } }], message);
  return html`<form class="decide" aria-label="Decision" onSubmit=${(e) => e.preventDefault()}>
    <${Message} says=${own ? "Why it is withdrawn" : "Why (its author will read it; needed to reject)"} value=${message} onInput=${setMessage} />
    <div class="tools">${own
      ? html`<button type="button" class="main" disabled=${busy} onClick=${close("withdrawn")}>Withdraw</button>`
      : html`<button type="button" class="main" disabled=${!stands(answer) || busy} onClick=${approve}>Approve</button>
          <button type="button" class="second" disabled=${!message.trim() || busy} onClick=${close("rejected")}>Reject</button>`}</div>
    ${own && html`<p class="hint">Nobody approves their own: another person decides.</p>`}
    <${Outcome} of=${outcome} still=${`Change request #${number}`} />
    ${!outcome && waits(id) && html`<p class="note">A decision of yours on it waits to be sent.</p>`}
  </form>`;
}
