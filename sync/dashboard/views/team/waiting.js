// What was changed among the people, and the hub did not answer to while somebody waited.
import { html } from "../../lib/html.js";
import { app } from "../../lib/app.js";
import { drop } from "../../lib/edits.js";
import { sentence } from "../../lib/words.js";
import { Ends } from "./dialog.js";

const SOON = 10_000; // milliseconds, until which an answer is waited for where it was asked

const isOld = ({ state, time }) => state === "parked" || Date.now() - time > SOON;

export const NotSettled = () => app.outbox.others.filter((each) => each.profile === app.people.id && isOld(each)).map((proposal) => html`
  <div key=${proposal.id} class="note" role="status">
    ${proposal.state === "parked" ? `The hub refused this: ${proposal.message}. ${sentence(proposal.sentence)}` : `This is on its way to the hub: ${proposal.message}.`}
    <${Ends} label="Drop it" title="Drop this change?" act=${() => drop(proposal.id)}>It is taken out of this browser: ${proposal.message}.<//></div>`);
