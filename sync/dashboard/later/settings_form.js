// The form of a profile: its name, description, default stack and policies.
import { html, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { go, to } from "../lib/going.js";
import { may } from "../lib/edits.js";
import { place } from "../lib/route.js";
import { Guarded } from "./common.js";
import { Choose, Field, Text } from "./inputs.js";
import { Saving } from "./saving.js";

// [setting, what it is, what each value does]
const POLICIES = [
  ["merge", "Two people change one stack or component", [["", "their changes merge where they touch other values"], ["entity", "that is a conflict"]]],
  ["secrets", "A credential in plain text", [["", "is refused by clients, unless told otherwise"], ["refuse", "is refused by the hub, whatever a client says"]]],
];

export const Settings = ({ world }) => html`<${Guarded}><${Form} world=${world} /><//>`;

function Form({ world }) {
  const { index } = world;
  const [[base, before]] = useState(() => [world.seq, was(index.profile)]);
  const [now, setNow] = useState(before);
  const [message, setMessage] = useState("");
  const [refused, setRefused] = useState(null);
  const patch = (change) => (setNow({ ...now, ...change }), setRefused(null));
  const changes = changesOf(app.profile.id, before, now);
  const saved = (answer) => {
    if (answer.outcome === "rejected") setRefused(answer);
    else go(place(answer.outcome === "pending" ? before.name : now.name));
  };
  const policies = may("profile.protect");
  return html`<section class="view page editor">
    <header class="page-head"><h1 tabindex="-1">Settings of ${before.name}</h1><p class="under">profile</p></header>
    <section class="basics" aria-label="What it is">
      <${Field} id="name" label="Name" required control=${(props) => html`<${Text} ...${props} value=${now.name} set=${(name) => patch({ name })} disabled=${!may("profile.rename")} />`} />
      <${Field} id="description" label="Description" control=${(props) => html`<${Text} ...${props} long value=${now.description} set=${(description) => patch({ description })} />`} />
      <${Field} id="default" label="Default stack" control=${(props) => html`<${Choose} ...${props} value=${now.stack} set=${(stack) => patch({ stack })}
        options=${[["", "none"], ...index.stacks.map((row) => [row.id, row.name])]} />`} />
    </section>
    <section aria-labelledby="policies"><h2 id="policies">Policies</h2>
      ${!policies && html`<p class="hint">Whoever may protect stacks sets these.</p>`}
      ${POLICIES.map(([key, label, options]) => html`<${Field} key=${key} id=${`policy-${key}`} label=${label} control=${(props) => html`
        <${Choose} ...${props} value=${now[key]} set=${(value) => patch({ [key]: value })} options=${odd(now[key], options)} />`} />`)}
    </section>
    <${Saving} changes=${changes} base=${base} faults=${now.name.trim() ? [] : ["a name is needed"]} message=${message} setMessage=${setMessage}
      suggestion=${`Change the settings of ${before.name}`} says="Save" refused=${refused} saved=${saved} cancel=${() => go(to())} />
  </section>`;
}

const text = (value) => (typeof value === "string" ? value : "");

const was = (profile) => ({
  name: profile.name, description: profile.description ?? "", stack: profile.default_stack ?? "",
  ...Object.fromEntries(POLICIES.map(([key]) => [key, text(profile.settings?.[key])])),
});

const odd = (value, options) => (options.some(([known]) => known === value) ? options : [...options, [value, value]]);

function changesOf(id, before, now) {
  const set = {}, unset = [];
  if (before.description !== now.description) set["/description"] = now.description;
  for (const [key] of POLICIES) {
    if (before[key] === now[key]) continue;
    if (now[key]) set[`/settings/${key}`] = now[key];
    else unset.push(`/settings/${key}`);
  }
  const body = { ...(Object.keys(set).length && { set }), ...(unset.length && { unset }) };
  return [
    before.name !== now.name && { type: "ProfileRenamed", entity: id, body: { name: now.name } },
    (body.set || body.unset) && { type: "ProfileUpdated", entity: id, body },
    before.stack !== now.stack && { type: "DefaultStackSet", entity: id, body: { stack: now.stack || null } },
  ].filter(Boolean);
}
