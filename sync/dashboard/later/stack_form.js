// The form of a stack: its components by type, of which the first of a type is its default.
import { html, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { to } from "../lib/going.js";
import { spaced } from "../lib/words.js";
import { FlavorIcon } from "../views/icons.js";
import { Basics, Guarded, Labels } from "./common.js";
import { Editor } from "./editor.js";
import { Choose, Field, News, Remove, Text } from "./inputs.js";

const NEEDED = ["orchestrator", "artifact_store"]; // as in client/definitions/validating.py

export const NewStack = ({ world }) => html`<${Guarded}><${StackForm} world=${world} /><//>`;

export function EditStack({ world }) {
  const { name } = app.route;
  const [id] = useState(() => world.index.stack(name)?.id);
  return html`<${Guarded} absent=${!id && `There is no stack ${name}`}>
    <${StackForm} world=${world} row=${{ id, entity: world.entities.get(id) }} /><//>`;
}

const StackForm = ({ world, row }) => html`<${Editor} place=${location.pathname} kind="stack" what="stack" row=${row} world=${world} begin=${{}}
  fields=${(given) => html`<${Fields} ...${given} world=${world} />`} leave=${(entity) => to("stacks", entity.name)} />`;

function Fields({ form, patch, faultAt, newsAt, world }) {
  const description = html`<${Field} id="description" label="Description" news=${newsAt("/description")}
    control=${(props) => html`<${Text} ...${props} value=${form.description} set=${(description) => patch({ description })} long />`} />`;
  return html`<${Basics} form=${form} patch=${patch} faultAt=${faultAt} newsAt=${newsAt} after=${description} />
    <${Members} form=${form} patch=${patch} newsAt=${newsAt} world=${world} />
    <${Labels} form=${form} patch=${patch} faultAt=${faultAt} newsAt=${newsAt} />`;
}

function Members({ form, patch, newsAt, world }) {
  const { index, entities } = world;
  const set = (type, ids) => patch({ members: { ...form.members, [type]: ids } });
  const known = [...new Set(index.components.map((row) => row.entity.component_type))].sort();
  const types = [...new Set([...NEEDED.filter((t) => known.includes(t)), ...Object.keys(form.members).filter((t) => form.members[t].length)])];
  const [more, setMore] = useState([]);
  const shown = [...types, ...more.filter((type) => !types.includes(type))];
  const rest = known.filter((type) => !shown.includes(type));
  const missing = NEEDED.filter((type) => !form.members[type]?.length);
  return html`<section aria-labelledby="members-title" class="members-form"><h2 id="members-title">Components</h2>
    ${missing.length > 0 && html`<p class="odd">Every stack needs ${missing.map((type) => `an ${spaced(type)}`).join(" and ")} to run.</p>`}
    ${!index.components.length && html`<p class="none">There are no components yet: register one first.</p>`}
    ${shown.map((type) => html`<${OfType} key=${type} type=${type} ids=${form.members[type] ?? []} set=${(ids) => set(type, ids)} news=${newsAt(`/components/${type}`)}
      entities=${entities} choices=${index.components.filter((row) => row.entity.component_type === type)} />`)}
    ${rest.length > 0 && html`<label class="another">Another type <${Choose} value="" set=${(type) => type && setMore([...more, type])}
      options=${[["", "choose one"], ...rest.map((type) => [type, spaced(type)])]} /></label>`}
  </section>`;
}

// The components of one type in their order; the first is what ZenML takes unless somebody says otherwise.
function OfType({ type, ids, set, news, entities, choices }) {
  const nameOf = (id) => entities.get(id)?.name ?? id;
  const left = choices.filter((row) => !ids.includes(row.id));
  const move = (at, by) => {
    const next = [...ids];
    [next[at], next[at + by]] = [next[at + by], next[at]];
    set(next);
  };
  return html`<fieldset><legend>${spaced(type)}</legend>
    <ol>${ids.map((id, i) => html`<li key=${id}><${FlavorIcon} flavor=${entities.get(id)?.flavor} type=${type} />
      <span class="member-name">${nameOf(id)}</span>${i === 0 && ids.length > 1 && html`<span class="tagged">first</span>`}
      <button type="button" class="quiet" disabled=${i === 0} aria-label=${`Move ${nameOf(id)} up`} title="Up" onClick=${() => move(i, -1)}>↑</button>
      <button type="button" class="quiet" disabled=${i === ids.length - 1} aria-label=${`Move ${nameOf(id)} down`} title="Down" onClick=${() => move(i, 1)}>↓</button>
      <${Remove} what=${nameOf(id)} onClick=${() => set(ids.filter((one) => one !== id))} /></li>`)}</ol>
    ${left.length > 0 && html`<${Choose} aria-label=${`Add a component of type ${spaced(type)}`} value="" set=${(id) => id && set([...ids, id])}
      options=${[["", ids.length ? "and another" : "choose one"], ...left.map((row) => [row.id, `${row.name} (${row.entity.flavor})`])]} />`}
    ${news && html`<${News} id=${`members-${type}`} ...${news} value=${(news.entity.components?.[type] ?? []).map(nameOf)} />`}
  </fieldset>`;
}
