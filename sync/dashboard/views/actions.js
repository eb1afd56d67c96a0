// What somebody may do to what a page shows. Nothing is changed in the past, nor by who may not.
import { html } from "../lib/html.js";
import { app, changed } from "../lib/app.js";
import { to } from "../lib/going.js";
import { may } from "../lib/edits.js";
import { Link } from "./parts.js";
import { later } from "./later.js";

const Dialog = later(() => import("../later/dialogs.js"), "Dialog");

export const mayWrite = () => !app.route.at && app.profile !== null && may("profile.write");

// Where the keys lead: `n` to a new one of what is listed, `e` to the form of what is shown.
export function forms() {
  const { view, name, type } = app.route;
  if (!mayWrite()) return {};
  if (view === "stack") return { n: to("new", "stack"), e: to("edit", "stacks", name) };
  if (view === "component") return { n: to("new", "component"), e: to("edit", "components", type, name) };
  if (view === "components") return { n: to("new", "component") };
  return view === "overview" ? { n: to("new", "stack"), e: to("settings") } : {};
}

export const New = ({ what }) => mayWrite() && html`<${Link} class="button" to=${to("new", what)} aria-keyshortcuts="n">New ${what}<//>`;

let asked = null;

// Asks about a change in a dialog. It stands beside the page, which may show what is not decided yet as done.
function ask(does, row, world) {
  asked = { does, row, world };
  changed();
}

function close() {
  asked = null;
  changed();
}

export const Asking = () => asked && html`<${Dialog} ...${asked} close=${close} />`;

// The actions of a stack's or component's page; `row` as the index has it.
export function Actions({ row, world }) {
  if (app.route.at) {
    if (!may("profile.write") || !app.live) return null;
    return html`<div class="actions"><button type="button" class="quiet bordered" onClick=${() => ask("restore", row, world)}>Restore this</button></div>`;
  }
  if (!mayWrite()) return null;
  const { entity, isDefault } = row;
  const stack = entity.kind === "stack";
  const edit = stack ? to("edit", "stacks", row.name) : to("edit", "components", entity.component_type, row.name);
  const choices = [
    ["rename", "Rename"],
    stack && !isDefault && ["default", "Make default"],
    may("profile.protect") && !entity.protected && ["protect", "Protect"],
    entity.protected && ["unprotect", "Unprotect"],
    ["delete", "Delete"],
  ].filter(Boolean);
  return html`<div class="actions">
    <${Link} class="button" to=${edit} aria-keyshortcuts="e">Edit<//>
    ${choices.map(([does, title]) => html`<button type="button" class="quiet bordered" key=${does} onClick=${() => ask(does, row, world)}>${title}</button>`)}
  </div>`;
}
