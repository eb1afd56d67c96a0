// One open conflict, and its decision: place by place, with what would come of it.
import { html, useMemo, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { may } from "../lib/edits.js";
import { EDIT, OURS, THEIRS, questionsOf, resolution } from "../lib/questions.js";
import { Message, Outcome, useDecision, waits } from "./decision.js";
import { Foreseen, stands, useRehearsal } from "./rehearsal.js";
import { Held, Wishes } from "./held.js";
import { Time } from "./parts.js";
import { Question } from "./question.js";

// `typed` is a box for what somebody has typed here and not sent, should others decide before.
export function OpenConflict({ id, entity: conflict, number, world, typed }) {
  const { questions, rest } = useMemo(() => questionsOf(conflict), [conflict]);
  const asked = questions.filter((q) => q.options.length);
  const [answers, setAnswers] = useState({});
  const [chosen, setChosen] = useState(null);
  const [message, setMessage] = useState("");
  const decision = useDecision();
  const decides = !app.route.at && may("profile.write");
  const openRest = rest.length > 0 || !asked.length;
  const side = openRest ? chosen : asked.every((q) => answers[q.key]?.side === THEIRS) ? THEIRS : OURS;
  const step = decides ? resolution(id, questions, answers, side) : null;
  const rehearsal = useRehearsal(step, world.seq);
  const opened = app.commits.of(number);
  const texts = Object.values(answers).map((answer) => answer.side === EDIT && answer.typed?.text);
  typed.current = decision.busy ? [] : [...texts, message].filter(Boolean);
  const all = (each) => {
    setAnswers((before) => Object.fromEntries(asked.map((q) => [q.key, { ...before[q.key], side: q.options.includes(each) ? each : EDIT }])));
    setChosen(each);
  };
  const submit = (event) => {
    event.preventDefault();
    if (stands(rehearsal.answer) && !decision.busy) decision.send(rehearsal.answer.changes, message, rehearsal.answer.seq);
  };
  const answer = (key) => (given) => setAnswers((before) => ({ ...before, [key]: given }));
  return html`<article class="view page">
    <header class="page-head"><h1 tabindex="-1">Conflict #${number}</h1>
      <p class="under">${opened && html`opened <${Time} of=${opened.accepted} />, `}not decided yet</p></header>
    <${Held} holding=${conflict} says="proposed" />
    <form onSubmit=${submit} aria-label=${`Conflict #${number}`}>
      <section aria-labelledby="places"><div class="section-head"><h2 id="places">What cannot stand side by side</h2>
        ${decides && html`<div class="tools"><button type="button" class="quiet" onClick=${() => all(THEIRS)}>All theirs</button>
          <button type="button" class="quiet" onClick=${() => all(OURS)}>All ours</button></div>`}</div>
        ${questions.map((question, n) => html`<${Question} key=${question.key} n=${n} question=${question} conflict=${conflict} world=${world}
          answer=${answers[question.key]} onAnswer=${decides ? answer(question.key) : null} />`)}
      </section>
      ${openRest && html`<${Rest} of=${rest} alone=${!asked.length} side=${chosen} choose=${decides ? setChosen : null} world=${world} />`}
      ${decides && html`<section aria-labelledby="result"><h2 id="result">What would stand</h2>
        ${step ? html`<${Foreseen} rehearsal=${rehearsal} world=${world} said="The hub would take it." />`
          : html`<p class="none">Choose for each place, and see here what would come of it.</p>`}
      </section>
      <section class="decide" aria-label="Decision">
        <${Message} says="Why (others will read it)" value=${message} onInput=${setMessage} />
        <div class="tools"><button class="main" disabled=${!stands(rehearsal.answer) || decision.busy}>${decision.busy ? "Resolving" : "Resolve"}</button></div>
        <${Outcome} of=${decision.outcome} still=${`Conflict #${number}`} />
        ${!decision.outcome && waits(id) && html`<p class="note">A decision of yours on it waits to be sent.</p>`}
      </section>`}
      ${!decides && html`<p class="note">${app.route.at ? `This is how it was at #${world.seq}.` : "Whoever may change the profile decides; you may look at it."}</p>`}
    </form>
  </article>`;
}

// What was proposed beside: it is taken, or left, as a whole.
function Rest({ of, alone, side, choose, world }) {
  const title = alone ? "What was proposed" : "What else was proposed";
  const option = (value, says) => html`<label><input type="radio" name="rest" value=${value} checked=${side === value} onChange=${() => choose(value)} /> ${says}</label>`;
  return html`<section aria-labelledby="rest"><h2 id="rest">${title}</h2>
    <fieldset class="question"><legend class="hidden">${title}</legend>
      <${Wishes} of=${of} world=${world} />
      ${choose && html`<div class="choices">${option(OURS, "Take it")}${option(THEIRS, "Leave it")}</div>`}
    </fieldset></section>`;
}
