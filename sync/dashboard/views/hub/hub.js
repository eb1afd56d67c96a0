// The hub itself: who is connected and how far behind, what it does, what it keeps, and whether it is well.
import { html } from "../../lib/html.js";
import { app } from "../../lib/app.js";
import { setQuery } from "../../lib/going.js";
import { useInspection } from "../../lib/inspect.js";
import { Empty, Problem, Waiting } from "../parts.js";
import { Connections } from "./connections.js";
import { Health } from "./health.js";
import { Kept } from "./kept.js";
import { Rates } from "./rates.js";

export function Hub() {
  return (app.rights?.hub ?? []).includes("hub.audit") ? html`<${Whole} />` : html`<${WhoIsHere} />`;
}

function Whole() {
  const { answer, samples, error } = useInspection("");
  const condition = answer?.condition;
  const names = new Map((condition?.kept ?? []).map((kept) => [kept.profile, kept.name]));
  return html`<article class="view page hub">
    <header class="page-head"><h1 tabindex="-1">Hub</h1>
      <p class="under">${location.host}${answer ? "" : ", not heard of yet"}</p></header>
    ${error && html`<${Problem}>The hub does not say how it fares: ${error}.<//>`}
    ${condition
      ? html`<${Health} answer=${answer} samples=${samples} />
          <${Rates} samples=${samples} />
          <${Connections} of=${answer} names=${names} whole />
          <${Kept} condition=${condition} />`
      : !error && html`<${Waiting}>Asking the hub<//>`}
  </article>`;
}

// What somebody sees who may read profiles, and no more: who follows one of them.
function WhoIsHere() {
  const profiles = app.profiles ?? [];
  const named = app.route.query.get("profile") ?? app.profile?.name;
  const chosen = profiles.find((p) => p.name === named) ?? profiles[0];
  return html`<article class="view page hub">
    <header class="page-head"><h1 tabindex="-1">Hub</h1><p class="under">${location.host}</p></header>
    <p class="lead">You see who follows the profiles that you may read. How the hub itself fares, auditors and
      administrators see (hub.audit).</p>
    ${chosen
      ? html`<label class="choice">Profile <select value=${chosen.name} onChange=${(e) => setQuery({ profile: e.currentTarget.value })}>
            ${profiles.map((p) => html`<option key=${p.id} value=${p.name}>${p.name}</option>`)}</select></label>
          <${Here} profile=${chosen} />`
      : html`<${Empty} title="There is no profile that you may read" />`}
  </article>`;
}

function Here({ profile }) {
  const { answer, error } = useInspection(profile.id);
  if (error) return html`<${Problem}>The hub does not say who is connected: ${error}.<//>`;
  if (!answer) return html`<${Waiting}>Asking the hub<//>`;
  return html`<${Connections} of=${answer} names=${new Map([[profile.id, profile.name]])} />`;
}
