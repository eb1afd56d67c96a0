// Small changes that are asked about in a dialog: renaming, deleting, protecting, making default, restoring.
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { go, to } from "../lib/going.js";
import { spaced } from "../lib/words.js";
import { Link } from "../views/parts.js";
import { changesOf, registration } from "./form.js";
import { Became, Saving } from "./saving.js";

const KIND = { stack: "Stack", component: "Component" };
const bare = ({ stamps, ...entity }) => entity;
const place = (entity, name = entity.name) => (entity.kind === "stack" ? to("stacks", name) : to("components", entity.component_type, name));

// What each asks, and proposes; `leads` is where it leads once it is done.
const DOES = {
  rename: ({ id, entity }, name) => ({
    title: `Rename ${entity.name}`, label: "Rename", leads: place(entity, name),
    message: `Rename ${entity.name} to ${name}`,
    changes: name.trim() && name !== entity.name ? [{ type: `${KIND[entity.kind]}Renamed`, entity: id, body: { name } }] : [],
  }),
  delete: ({ id, entity }) => ({
    title: `Delete ${entity.name}?`, label: "Delete", leads: to(...(entity.kind === "stack" ? [] : ["components"])),
    message: `Delete ${entity.kind === "stack" ? "stack" : spaced(entity.component_type)} ${entity.name}`,
    changes: [{ type: `${KIND[entity.kind]}Deleted`, entity: id, body: {} }],
    text: "Its history stays, and it can be brought back there, by the time slider.",
  }),
  protect: (row) => marked(row, true, "Protect", "From then on it is changed only with another person's approval."),
  unprotect: (row) => marked(row, false, "Unprotect", "That itself needs another person's approval."),
  default: ({ id, entity }) => ({
    title: `Make ${entity.name} the default stack?`, label: "Make default", message: `Make ${entity.name} the default stack`,
    changes: [{ type: "DefaultStackSet", entity: app.profile.id, body: { stack: id } }],
    text: "It is the stack that is taken where nobody names one.",
  }),
  restore: ({ id, entity }) => {
    const { live } = app;
    const now = live.entities.get(id);
    if (!now) {
      return {
        title: `Bring ${entity.name} back as it was at #${app.route.at}?`, label: "Bring back", leads: place(entity).replace(/\?.*/, ""),
        message: `Bring ${entity.name} back as it was at #${app.route.at}`, changes: registration(id, bare(entity)),
      };
    }
    return {
      title: `Make ${now.name} as it was at #${app.route.at}?`, label: "Restore", leads: place(entity).replace(/\?.*/, ""),
      message: `Restore ${now.name} as it was at #${app.route.at}`,
      changes: changesOf(id, bare(now), bare(entity)),
      text: "What others changed since is changed back: the history keeps it.",
    };
  },
};

const marked = ({ id, entity }, is, label, text) => ({
  title: `${label} ${entity.name}?`, label, text, message: `${label} ${entity.name}`,
  changes: [{ type: `${KIND[entity.kind]}Updated`, entity: id, body: { set: { "/protected": is } } }],
});

export function Dialog({ does, row, world, close }) {
  const dialog = useRef(null);
  const [name, setName] = useState(row.entity.name);
  const [message, setMessage] = useState("");
  const [refused, setRefused] = useState(null);
  const [became, setBecame] = useState(null);
  useEffect(() => dialog.current.showModal(), []);
  const asked = DOES[does](row, name);
  const uses = does === "delete" ? (world.index.uses.get(row.id) ?? []) : [];
  const saved = (answer) => {
    if (answer.outcome === "rejected") setRefused(answer);
    else if (answer.outcome === "conflict" || answer.outcome === "requested") setBecame(answer);
    else {
      close();
      if (asked.leads) go(asked.leads);
    }
  };
  return html`<dialog ref=${dialog} class="card asking" aria-labelledby="asking" onClose=${close}>
    <h2 id="asking">${asked.title}</h2>
    ${became ? html`<${Became} answer=${became} /><button type="button" class="quiet" onClick=${close}>Close</button>` : html`
      ${asked.text && html`<p class="hint">${asked.text}</p>`}
      ${uses.length > 0 && html`<p class="odd">In use by ${uses.map((stack, i) => html`${i > 0 && ", "}<${Link} key=${stack.id} to=${to("stacks", stack.name)}>${stack.name}<//>`)}:
        take it out there first.</p>`}
      ${does === "delete" && row.isDefault && html`<p class="odd">It is the default stack of this profile.</p>`}
      ${does === "rename" && html`<label class="input"><span>New name</span>
        <input type="text" id="new-name" value=${name} maxlength="255" autocomplete="off" spellcheck=${false} onInput=${(e) => (setName(e.currentTarget.value), setRefused(null))} /></label>`}
      <${Saving} changes=${asked.changes} base=${app.live.seq} faults=${[]} message=${message} setMessage=${setMessage} suggestion=${asked.message}
        says=${asked.label} refused=${refused} saved=${saved} cancel=${close} />`}
  </dialog>`;
}
