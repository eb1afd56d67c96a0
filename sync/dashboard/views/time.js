// The slider over a profile's whole history: it turns every page into how it was then.
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { setQuery } from "../lib/going.js";
import { when } from "../lib/words.js";
import { Mark } from "./icons.js";
import { Comparing } from "./parts.js";

const PAUSE = 120; // milliseconds after which somebody who drags wants to see what was there

export function TimeBar({ close }) {
  const head = app.live?.seq ?? 0;
  const at = Math.min(app.route.at ?? head, head);
  const [held, setHeld] = useState(null);
  const timer = useRef(null);
  const tags = app.live?.index.tags ?? [];
  const shown = held ?? at;
  const commit = shown > 0 ? app.commits.of(shown) : null;
  useEffect(() => setHeld(null), [app.route.at]);
  const show = (seq) => setQuery({ at: seq >= head ? null : String(Math.max(1, seq)) });
  const drag = (event) => {
    const seq = Number(event.currentTarget.value);
    setHeld(seq);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => show(seq), PAUSE);
  };
  const says = commit ? `#${shown}, ${when(commit.accepted)}, ${commit.author}: ${commit.message}` : `#${shown}`;
  return html`<section class="time" aria-label="Time">
    <button type="button" class="quiet" disabled=${shown <= 1} onClick=${() => show(shown - 1)} aria-label="One commit back">‹</button>
    <input type="range" min="1" max=${Math.max(1, head)} value=${shown} onInput=${drag} aria-label="Moment" aria-valuetext=${says} disabled=${head < 2} />
    <button type="button" class="quiet" disabled=${shown >= head} onClick=${() => show(shown + 1)} aria-label="One commit on">›</button>
    <output class="moment">${says}</output>
    ${tags.length > 0 && html`<label><span class="hidden">Tag</span>
      <select value=${tags.some((tag) => tag.seq === shown) ? shown : ""} onChange=${(e) => e.currentTarget.value && show(Number(e.currentTarget.value))}>
        <option value="">Tags</option>
        ${tags.map((tag) => html`<option key=${tag.name} value=${tag.seq}>${tag.name} (#${tag.seq})</option>`)}
      </select></label>`}
    ${app.past?.error && html`<span class="problem" role="alert">${app.past.error}</span>`}
    ${app.route.at && html`<${Comparing} from=${shown}>Compare with now<//>`}
    <button type="button" class="quiet" disabled=${!app.route.at} onClick=${() => setQuery({ at: null })}>Now</button>
    <button type="button" class="quiet" aria-label="Close the time slider" onClick=${close}><${Mark} of="close" /></button>
  </section>`;
}
