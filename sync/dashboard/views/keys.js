// Keys that work everywhere but in fields.
import { html, useEffect, useRef } from "../lib/html.js";
import { app } from "../lib/app.js";
import { go, to } from "../lib/going.js";
import { forms } from "./actions.js";
import { OF_HUB, QUEUES, TABS } from "./views.js";

const CHORD = 1_000; // milliseconds between the two keys of one
const PLACES = Object.fromEntries([...TABS, ...QUEUES].map(([, key, names]) => [key, names]));
const ADDRESSES = Object.fromEntries(OF_HUB.map(([, key, address]) => [key, address]));
const TOLD = [
  ["/", "search"],
  ...[...TABS, ...QUEUES, ...OF_HUB].map(([title, key]) => [`g ${key}`, title.toLowerCase()]),
  ["t", "time slider"],
  ["n", "new stack or component"],
  ["e", "edit what is shown"],
  ["↑ ↓ ← →", "through a table"],
  ["Esc", "leave a field, close"],
  ["?", "this help"],
];

export function useKeys(does) {
  const latest = useRef(does);
  latest.current = does;
  useEffect(() => {
    let g = 0;
    const pressed = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const { target, key } = event;
      // A dialog has the keys for itself, and Esc closes it.
      if (document.querySelector("dialog[open]")) return;
      if (target.closest?.("input:not([type=range]), select, textarea")) {
        if (key === "Escape") target.blur();
        return;
      }
      const chord = g && Date.now() - g < CHORD && app.phase === "in";
      if (chord && ADDRESSES[key]) go(ADDRESSES[key]);
      else if (chord && app.profile && PLACES[key]) go(to(...PLACES[key]));
      else if (key === "/") document.getElementById("search")?.select();
      else if (key === "t") latest.current.time();
      else if (key === "?") latest.current.help();
      else if (key === "Escape") latest.current.escape();
      else if (forms()[key]) go(forms()[key]);
      else {
        g = key === "g" ? Date.now() : 0;
        return;
      }
      g = 0;
      event.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

export function Help({ close }) {
  const dialog = useRef(null);
  useEffect(() => dialog.current.showModal(), []);
  return html`<dialog ref=${dialog} class="card" aria-labelledby="keys" onClose=${close}>
    <h2 id="keys">Keys</h2>
    <dl>${TOLD.map(([key, what]) => html`<div key=${key}><dt>${key.split(" ").map((k) => html`<kbd>${k}</kbd>`)}</dt><dd>${what}</dd></div>`)}</dl>
    <p class="hint">${app.opensOffline ? "This page opens while the hub cannot be reached, too." : "This browser opens the page only while the hub can be reached."}</p>
    <form method="dialog"><button class="main">Close</button></form>
  </dialog>`;
}
