// A component's configuration as a form: a field for each key that its flavor knows, and rows for others.
import { html, useMemo, useState } from "../lib/html.js";
import { inline } from "../lib/exact.js";
import { pointer } from "../lib/paths.js";
import { many } from "../lib/words.js";
import { Choose, Field, Remove, Text } from "./inputs.js";
import { Rows } from "./rows.js";
import { READINGS, READING_OF_KIND, isReference, oddity, plaintextIn, readingOf, shown, valued } from "./typing.js";

const FLAGS = [["", "not set"], ["true"], ["false"]];
const PLAINTEXT = "Who may read the profile reads this, for ever.";

export function Config({ form, known, set, faultAt, newsAt, name }) {
  const [all, setAll] = useState(false);
  const places = new Map(form.config.map((row, place) => [row.key, place]));
  const { fields, closed } = known;
  // What is asked for comes first. A field stays where it is, whatever is typed into it.
  const [ordered, few] = useMemo(() => {
    const first = (f) => f.required || places.has(f.key);
    return [[...fields.filter((f) => f.required), ...fields.filter((f) => !f.required && first(f)), ...fields.filter((f) => !first(f))], fields.filter(first).length];
  }, [known]);
  const seen = ordered.filter((f, i) => all || i < few || places.has(f.key) || newsAt(pointer("config", f.key)));
  const names = new Set(fields.map((f) => f.key));
  const others = [...form.config.entries()].filter(([, row]) => !names.has(row.key));
  const write = (place, patch) => set(patch === null
    ? form.config.filter((_, i) => i !== place)
    : form.config.map((row, i) => (i === place ? { ...row, ...patch } : row)));
  const typed = (field, row, text, reading) => {
    const place = places.get(field.key);
    if (text === "" && reading !== "nothing") return place === undefined ? undefined : write(place, null);
    const patch = { key: field.key, reading: reading ?? kept(field, row), text };
    return place === undefined ? set([...form.config, patch]) : write(place, patch);
  };
  const one = (field) => html`<${Known} key=${field.key} field=${field} row=${form.config[places.get(field.key)]} name=${name}
    typed=${typed} fault=${faultAt(`config/${places.get(field.key)}`)} news=${newsAt(pointer("config", field.key))} />`;
  const odd = (row) => closed && row.key ? `The flavor has no ${row.key}: a slip, or of another version?` : secretName(row) ? PLAINTEXT : "";
  return html`<section aria-labelledby="config" class="config"><h2 id="config">Configuration</h2>
    <p class="hint">${known.says}</p>
    ${seen.map(one)}
    ${fields.length > few && html`<button type="button" class="quiet add" aria-expanded=${all} onClick=${() => setAll(!all)}>
      ${all ? "Fewer settings" : many(fields.length - seen.length, "more setting")}</button>`}
    <${Rows} field="config" one="value" rows=${others} set=${write} add=${() => set([...form.config, { key: "", reading: "text", text: "" }])}
      told=${(place, row) => ({ fault: faultAt(`config/${place}`), odd: odd(row), news: row.key && newsAt(pointer("config", row.key)) })} />
  </section>`;
}

// A map that was written as text stays text, as somebody wanted it; all else is read as its field is.
const kept = (field, row) => (field.kind === "any" || READING_OF_KIND[field.kind] === "yaml" ? row?.reading : undefined) ?? READING_OF_KIND[field.kind];

const secretName = ({ key, reading, text }) => reading === "text" && plaintextIn({ [key]: text }, []).length > 0;

function Known({ field, row, name, typed, fault, news }) {
  const id = `config-${field.key.replaceAll(/[^\w-]/g, "_")}`;
  const { value } = row ? valued(row.text, row.reading) : {};
  const set = (text, reading) => typed(field, row, text, reading);
  const odd = !row ? (field.required ? `${field.key} is required` : "") : value === undefined ? "" : oddity(field, value);
  const plaintext = field.secret && typeof value === "string" && !isReference(value);
  return html`<${Field} id=${id} label=${field.key} required=${field.required} secret=${field.secret} help=${helpOf(field)} fault=${fault} news=${news}
    odd=${plaintext ? `${PLAINTEXT} Keep it in a secret, and write a reference such as {{${plainName(name)}.${plainName(field.key)}}}.` : odd}
    control=${(props) => html`<${Control} ...${props} field=${field} row=${row} set=${set} />`}>
    ${field.kind === "any" && row && html`<${Choose} aria-label=${`Kind of ${field.key}`} value=${row.reading} options=${Object.entries(READINGS)}
      set=${(reading) => set(reading === "flag" ? "true" : row.text, reading)} />`}
    ${row && html`<${Remove} what=${field.key} onClick=${() => set("")} />`}
  <//>`;
}

// A name that ZenML takes in a reference, as secret_name in client/definitions/plaintext.py makes one.
const plainName = (text) => text.replaceAll(/[^A-Za-z0-9_-]/g, "_") || "secret";

function helpOf({ help, versions }) {
  return [help, versions && `ZenML ${versions.join(", ")} only.`].filter(Boolean).join(" ");
}

function Control({ field, row, set, ...props }) {
  const text = row?.text ?? "";
  if (row?.reading === "nothing") return html`<span class="none" ...${props}>null</span>`;
  if (field.choices) {
    const now = row ? inline(valued(row.text, row.reading).value ?? null) : "";
    const choices = field.choices.map((choice) => [inline(choice), typeof choice === "string" ? choice : inline(choice), choice]);
    const odd = now && !choices.some(([value]) => value === now) ? [[now, row.text]] : [];
    const chosen = (value) => {
      const [, , choice] = choices.find(([one]) => one === value) ?? [];
      return choice === undefined ? set("") : set(shown(choice), readingOf(choice));
    };
    return html`<${Choose} ...${props} value=${now} set=${chosen} options=${[["", initial(field) || "not set"], ...odd, ...choices]} />`;
  }
  if (field.kind === "flag" && ["", "true", "false"].includes(text)) {
    const options = field.initial === undefined ? FLAGS : [["", `not set (${inline(field.initial)})`], ...FLAGS.slice(1)];
    return html`<${Choose} ...${props} value=${text} set=${(value) => set(value)} options=${options} />`;
  }
  const long = field.kind === "map" || field.kind === "list" || row?.reading === "yaml";
  const placeholder = field.secret ? "{{secret.key}}" : initial(field) || (field.kind === "map" ? "key: value" : field.kind === "list" ? "- value" : "");
  return html`<${Text} ...${props} value=${text} set=${(value) => set(value)} long=${long} mono=${long} placeholder=${placeholder}
    inputmode=${field.kind === "whole" ? "numeric" : field.kind === "number" ? "decimal" : undefined} />`;
}

const initial = ({ initial: value }) => (value === undefined || value === null ? "" : typeof value === "string" ? value : inline(value));
