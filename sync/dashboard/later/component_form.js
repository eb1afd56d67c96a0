// The form of a component: its type and flavor, its configuration by what is known of the flavor, its labels.
import { html, useEffect, useMemo, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { to } from "../lib/going.js";
import { spaced } from "../lib/words.js";
import { Problem, Waiting } from "../views/parts.js";
import { Basics, Guarded, Labels } from "./common.js";
import { Config } from "./config.js";
import { Editor } from "./editor.js";
import { fetchFlavors, flavorsOf, formOf, typesOf } from "./flavors.js";
import { Choose, Field, Text } from "./inputs.js";
import { plaintextIn } from "./typing.js";

export const NewComponent = ({ world }) => html`<${Guarded}><${ComponentForm} world=${world} /><//>`;

export function EditComponent({ world }) {
  const { type, name } = app.route;
  // Whoever renames it meanwhile does not take it away from here.
  const [id] = useState(() => world.index.component(type, name)?.id);
  const entity = world.entities.get(id);
  return html`<${Guarded} absent=${!id && `There is no ${spaced(type)} ${name}`}>
    <${ComponentForm} world=${world} row=${{ id, entity }} /><//>`;
}

function ComponentForm({ world, row }) {
  const [zenml, setZenml] = useState(null);
  const [error, setError] = useState("");
  useEffect(() => {
    fetchFlavors().then(setZenml, (error) => setError(error.message));
  }, []);
  if (error) return html`<${Problem}>${error}: reload this page once the hub can be reached.<//>`;
  if (!zenml) return html`<${Waiting}>Reading the flavors<//>`;
  const { query } = app.route;
  const begin = { type: query.get("type") ?? "", flavor: query.get("flavor") ?? "" };
  const plaintext = ({ component_type: type, flavor, config }) => plaintextIn(config, formOf(zenml, world, type, flavor).fields);
  const fields = (given) => html`<${Fields} ...${given} zenml=${zenml} world=${world} fresh=${!row} />`;
  return html`<${Editor} place=${location.pathname} kind="component" what=${row ? spaced(row.entity?.component_type ?? app.route.type) : "component"} row=${row} world=${world}
    begin=${begin} plaintext=${plaintext} fields=${fields} leave=${(entity) => to("components", entity.component_type, entity.name)} />`;
}

function Fields({ form, patch, faultAt, newsAt, name, zenml, world, fresh }) {
  const flavors = [...world.entities.values()].filter((e) => e.kind === "flavor");
  const known = useMemo(() => formOf(zenml, world, form.type, form.flavor), [zenml, form.type, form.flavor, flavors.map((f) => f.name).join()]);
  const types = typesOf(zenml, world);
  const options = flavorsOf(zenml, world, form.type);
  return html`
    <${Basics} form=${form} patch=${patch} faultAt=${faultAt} newsAt=${newsAt} before=${html`
      ${fresh && html`<${Field} id="type" label="Type" required control=${(props) => html`
        <${Choose} ...${props} value=${form.type} set=${(type) => patch({ type })} options=${[["", "choose one"], ...types.map((t) => [t, spaced(t)])]} />`} />`}
      <${Field} id="flavor" label="Flavor" required news=${newsAt("/flavor")}
        help=${form.type && form.flavor && !options.includes(form.flavor) ? "Nobody has used this flavor yet, and ZenML has none of that name." : ""}
        control=${(props) => html`<${Text} ...${props} value=${form.flavor} set=${(flavor) => patch({ flavor })} list="flavors" />
          <datalist id="flavors">${options.map((option) => html`<option key=${option} value=${option} />`)}</datalist>`} />`} />
    ${form.flavor && html`<${Config} key=${`${form.type}\n${form.flavor}`} form=${form} known=${known} set=${(config) => patch({ config })} faultAt=${faultAt} newsAt=${newsAt} name=${name} />`}
    <${Labels} form=${form} patch=${patch} faultAt=${faultAt} newsAt=${newsAt} />`;
}
