// Values as somebody types them, and what is wrong with one by its field. A field's fault forbids nothing: ZenML, and
// other versions of a flavor, may take it. What cannot be read at all has no value.
import { Exact, inline, isMap, numberOf } from "../lib/exact.js";
import { yaml } from "../lib/yaml.js";
import { YamlFault, read } from "./yaml_reader.js";

// How a text is read; the order is that in which they are offered.
export const READINGS = { text: "text", number: "number", flag: "true or false", yaml: "map or list", nothing: "null" };

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const WHOLE = /^-?(?:0|[1-9]\d*)$/;
const REFERENCE = /^\{\{\s*[^\s{}.]+\.[^\s{}]+\s*\}\}$/; // as is_reference in events/secrets/credentials.py has it

export const isReference = (value) => typeof value === "string" && REFERENCE.test(value);

const NAMES_ONE = /(?:password|passwd|secret|token|api_?key)$/i;

// The keys of a configuration under which a credential seems to stand in plain text; `fields` say which hold one.
export const plaintextIn = (config, fields) =>
  Object.entries(config).filter(([key, value]) => typeof value === "string" && value && !isReference(value)
    && (fields.find((field) => field.key === key)?.secret ?? NAMES_ONE.test(key))).map(([key]) => key);

export const isNumber = (value) => typeof value === "number" || value instanceof Exact;

// How a value is shown in a field that is read so.
export function readingOf(value) {
  if (typeof value === "string") return "text";
  if (isNumber(value)) return "number";
  if (typeof value === "boolean") return "flag";
  return value === null ? "nothing" : "yaml";
}

// How what is typed into a field of that kind is read.
export const READING_OF_KIND = { text: "text", whole: "number", number: "number", flag: "flag", map: "yaml", list: "yaml", any: "text" };

export function shown(value) {
  if (typeof value === "string") return value;
  if (value === null) return "";
  if (isMap(value) && Object.keys(value).length) return yaml(value).trimEnd();
  if (Array.isArray(value) && value.length) return yaml({ list: value }).slice("list:\n".length).trimEnd();
  return inline(value);
}

// { value } of a text, or { fault } where it cannot be read. What is no number stays text, as ZenML reads it.
export function valued(text, reading) {
  switch (reading) {
    case "nothing":
      return { value: null };
    case "flag":
      return { value: text === "true" };
    case "number":
      return { value: NUMBER.test(text.trim()) ? numberOf(text.trim()) : text };
    case "yaml":
      try {
        return { value: read(text) };
      } catch (fault) {
        if (!(fault instanceof YamlFault)) throw fault;
        return { fault: `line ${fault.line}: ${fault.message}` };
      }
    default:
      return { value: text };
  }
}

const WORDS = { text: "text", whole: "a whole number", number: "a number", flag: "true or false", map: "a map", list: "a list" };

// Text that ZenML reads as a value of that kind, as READS_AS in client/definitions/schema_faults.py has it.
const READS_AS = {
  whole: /^\s*[+-]?\d[\d_]*(\.0*)?\s*$/,
  number: /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/,
  flag: /^(?:true|false|yes|no|on|off|y|n|t|f|1|0)$/i,
};

// What is wrong with a value by its field; empty if nothing is.
export function oddity(field, value) {
  if (isReference(value)) return "";
  if (value === null) return field.nullable || field.kind === "any" ? "" : `this must be ${WORDS[field.kind]}`;
  if (!fits(field.kind, value)) return `this must be ${WORDS[field.kind]}`;
  if (field.choices && !field.choices.some((choice) => inline(choice) === inline(value))) return "this is none of the choices";
  const number = Number(value);
  if (field.least !== undefined && number < Number(field.least)) return `this must be at least ${field.least}`;
  if (field.most !== undefined && number > Number(field.most)) return `this must be at most ${field.most}`;
  return "";
}

function fits(kind, value) {
  if (kind === "any") return true;
  if (typeof value === "string") {
    if (kind === "map" || kind === "list") return fitsJson(kind, value);
    return kind === "text" || READS_AS[kind].test(value);
  }
  switch (kind) {
    case "map": return isMap(value);
    case "list": return Array.isArray(value);
    case "flag": return typeof value === "boolean" || value === 0 || value === 1;
    case "whole": return isNumber(value) && (WHOLE.test(String(value)) || Number.isInteger(Number(value)));
    case "number": return isNumber(value);
    default: return !isMap(value) && !Array.isArray(value);
  }
}

function fitsJson(kind, text) {
  try {
    return fits(kind, JSON.parse(text));
  } catch {
    return false;
  }
}
