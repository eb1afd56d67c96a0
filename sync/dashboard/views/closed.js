// A conflict or change request that ended: what it was about, and how it was decided.
import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { to } from "../lib/going.js";
import { worldAt } from "../lib/moments.js";
import { wishes } from "../lib/holdings.js";
import { questionsOf } from "../lib/questions.js";
import { Held, Wishes } from "./held.js";
import { Entry } from "./history.js";
import { Empty, Link, Problem, Time, Waiting } from "./parts.js";
import { Question } from "./question.js";

const NOUNS = { conflict: "Conflict", request: "Change request" };
const ENDS = {
  ours: "resolved: what was proposed was taken", theirs: "resolved: what stood was kept", edited: "resolved place by place",
  approved: "approved", rejected: "rejected", withdrawn: "withdrawn",
};
const MOST = 50; // commits that may have joined it

// `typed` is what somebody had typed to decide it, before others did.
export function Closed({ kind, number, seq, typed = [] }) {
  const { found, error } = useTold(kind, number, seq);
  const title = useRef(null);
  // The button that decided it is gone, and what had the focus with it.
  useEffect(() => found && document.activeElement === document.body && title.current.focus(), [found]);
  const noun = NOUNS[kind];
  if (error) return html`<section class="view"><h1 tabindex="-1">${noun} #${number}</h1><${Problem}>It cannot be read: ${error}<//></section>`;
  if (found === undefined) return html`<${Waiting}>Reading ${noun.toLowerCase()} #${number}<//>`;
  if (!found) {
    return html`<${Empty} whole title=${`There is no ${noun.toLowerCase()} ${app.route.seq}`}>
      <p>${app.route.at ? `There was none at #${seq}.` : "No commit of that number opened one."}</p>
      <p><${Link} to=${to(`${kind}s`)}>Those that are open<//> · <${Link} to=${to("activity")}>Activity<//></p><//>`;
  }
  const { end, how, holding, world } = found;
  return html`<article class="view page">
    <header class="page-head"><h1 tabindex="-1" ref=${title}>${noun} #${number}</h1>
      <p class="under" role="status">${ENDS[how]}, by ${end.author} in #${end.seq}, <${Time} of=${end.accepted} /></p></header>
    ${typed.length > 0 && html`<p class="note">It was decided before you did. You had typed: ${typed.map((text, i) => html`${i > 0 && ", "}<q class="text">${text}</q>`)}</p>`}
    <section aria-labelledby="decision"><h2 id="decision">The decision</h2><div class="log"><${Entry} entry=${end} /></div></section>
    <section aria-labelledby="about"><h2 id="about">What it was about</h2>
      <${Held} holding=${holding} says=${kind === "conflict" ? "proposed" : "asked"} />
      ${kind === "conflict" ? html`<${About} conflict=${holding} world=${world} />` : html`<${Wishes} of=${wishes(holding)} world=${world} />`}
    </section>
  </article>`;
}

function About({ conflict, world }) {
  const { questions, rest } = useMemo(() => questionsOf(conflict), [conflict]);
  return html`${questions.map((question) => html`<${Question} key=${question.key} question=${question} conflict=${conflict} world=${world} />`)}
    ${rest.length > 0 && html`<p class="muted">and beside:</p><${Wishes} of=${rest} world=${world} />`}`;
}

// { found, error }: what the log tells of it; `found` is null if there is none.
function useTold(kind, number, seq) {
  const [told, setTold] = useState({});
  useEffect(() => {
    let over = false;
    tell(kind, number, seq).then((found) => over || setTold({ found }), (error) => over || setTold({ error: error.message }));
    return () => (over = true);
  }, [kind, number, app.connection, app.status.name, told.found === null && seq]);
  return told;
}

async function tell(kind, number, seq) {
  if (!Number.isSafeInteger(number) || number < 1 || number > seq) return null;
  const [opening] = await read({ before: number + 1, most: 1 });
  const opened = opening?.turns?.find((turn) => turn.number === number && turn.kind === kind);
  if (!opened) return null;
  const last = (await read({ before: 0, most: MOST, entity: opened.id }))[0];
  const how = last.turns.find((turn) => turn.id === opened.id).what;
  if (!ENDS[how]) return null;
  const [[end], world] = await Promise.all([read({ before: last.seq + 1, most: 1 }), worldAt(last.seq - 1)]);
  return { end, how, holding: world.entities.get(opened.id), world };
}

const read = async (question) => (await app.connection.ask({ type: "read_log", profile: app.profile.id, ...question })).entries ?? [];
