// Small things that views are made of.
import { html, useEffect, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { go } from "../lib/going.js";
import { Exact, inline } from "../lib/exact.js";
import { place } from "../lib/route.js";
import { ago, many, when } from "../lib/words.js";
import { Mark } from "./icons.js";

const SLOW = 300; // milliseconds after which somebody who waits is told so

// A link inside the dashboard; with a modifier key, or the middle button, the browser's own.
export function Link({ to, children, ...more }) {
  const follow = (event) => {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return html`<a href=${to} onClick=${follow} ...${more}>${children}</a>`;
}

// To what differs between a moment and now.
export const Comparing = ({ from, children }) =>
  html`<${Link} to=${`${place(app.route.profile, "compare")}?from=${from}`} title=${`What differs between #${from} and now`}>${children}<//>`;

export function Waiting({ children }) {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), SLOW);
    return () => clearTimeout(timer);
  }, []);
  return slow ? html`<p class="waiting" role="status"><span class="spinner" />${children}</p>` : null;
}

// Says that there is nothing, and what to do; `whole` where it is all that the page says.
export const Empty = ({ title, whole, children }) =>
  html`<div class="empty">${whole ? html`<h1 tabindex="-1">${title}</h1>` : html`<h2>${title}</h2>`}<div>${children}</div></div>`;

export const Problem = ({ children }) => html`<p class="problem" role="alert">${children}</p>`;

export const Command = ({ children }) => html`<code class="command">${children}</code>`;

// When something was accepted, as long ago as it is.
export const Time = ({ of }) =>
  html`<time datetime=${new Date(of).toISOString()} title=${when(of)}>${ago(of)}</time>`;

// Who made the commit of a stamp, and when, as soon as that is known.
export function Who({ stamp, commits = app.commits }) {
  const commit = commits.of(stamp[0]);
  const [, tell] = useState(0);
  // It says so by itself: what is around it need not be looked at again.
  useEffect(() => (commit ? undefined : commits.whenKnown(stamp[0], () => tell((n) => n + 1))), [commits, stamp[0], Boolean(commit)]);
  if (!commit) return html`<span class="who">#${stamp[0]}</span>`;
  if (commit.pending) return html`<span class="who pending">not sent yet</span>`;
  return html`<span class="who" title=${`#${commit.seq} ${commit.message}`}>
    <span class="author">${commit.author}</span> <${Time} of=${commit.accepted} />
  </span>`;
}

// A value of a configuration: text as it is, all else as JSON.
export function Value({ of }) {
  if (of === undefined) return html`<span class="none">nothing</span>`;
  if (typeof of === "string") return of === "" ? html`<span class="none">empty text</span>` : html`<span class="text">${of}</span>`;
  const kind = of === null ? "null" : typeof of === "number" || of instanceof Exact ? "number" : typeof of;
  return html`<span class="json json-${kind}">${inline(of)}</span>`;
}

export const Labels = ({ of = {} }) => {
  const entries = Object.entries(of);
  if (!entries.length) return null;
  return html`<ul class="labels" aria-label="labels">
    ${entries.map(([key, value]) => html`<li><span>${key}</span>=${value}</li>`)}
  </ul>`;
};

export const Marks = ({ isDefault, entity }) => html`
  ${isDefault && html`<${Mark} of="default" title="default stack" />`}
  ${entity.protected && html`<${Mark} of="protected" title="protected" />`}
`;

// A text that is at hand, or is made when somebody wants it.
const made = (text) => (typeof text === "function" ? text() : text);

// Copies a text, and says so for a moment.
export function Copy({ text, children = "Copy" }) {
  const [done, setDone] = useState("");
  useEffect(() => {
    const timer = done && setTimeout(() => setDone(""), 2_000);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = () =>
    navigator.clipboard.writeText(made(text)).then(
      () => setDone("Copied"),
      () => setDone("The browser does not let this page copy"),
    );
  return html`<button type="button" class="quiet" onClick=${copy}>
    <${Mark} of="copy" /><span aria-live="polite">${done || children}</span>
  </button>`;
}

// Hands a text to the browser as a file.
export function Download({ text, name, kind = "application/yaml", children = "Download" }) {
  const download = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([made(text)], { type: kind }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return html`<button type="button" class="quiet" onClick=${download}><${Mark} of="download" />${children}</button>`;
}

// How much of it is shown.
export const Shown = ({ some, all, one, more }) =>
  html`<span class="count" role="status">${some === all ? many(all, one, more) : `${some} of ${many(all, one, more)}`}</span>`;
