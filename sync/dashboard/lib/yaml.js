// Entities as the YAML files that `stackroom profile export` writes and `stackroom apply` reads.
// Everything that might be read as something else than text is quoted; a JSON string is a YAML string.
import { Exact, isMap } from "./exact.js";

const PLAIN = /^[A-Za-z_/][A-Za-z0-9_./@+-]*$/;
const WORDS = /^(?:true|false|yes|no|on|off|null|nan|inf|y|n|~)$/i;

export function fileOf(entity, nameOf) {
  const { kind } = entity;
  const own = { kind };
  if (kind === "component") {
    Object.assign(own, { type: entity.component_type, name: entity.name, flavor: entity.flavor });
    own.config = entity.config;
  } else {
    Object.assign(own, { name: entity.name, description: entity.description });
    own.components = Object.fromEntries(
      Object.entries(entity.components ?? {}).map(([type, ids]) => {
        const names = ids.map(nameOf);
        return [type, names.length === 1 ? names[0] : names];
      }),
    );
  }
  Object.assign(own, { labels: entity.labels, extra: entity.extra });
  for (const key of Object.keys(own)) {
    const value = own[key];
    if (value === undefined || value === "" || (isMap(value) && !Object.keys(value).length)) delete own[key];
  }
  if (entity.protected) own.protected = true;
  return yaml(own);
}

export function yaml(value) {
  return Object.entries(value).map(([key, inner]) => block(text(key) + ":", inner, "")).join("");
}

// `head` and the value behind it, or below it and further right.
function block(head, value, indent) {
  if (Array.isArray(value) && value.length) {
    return `${indent}${head}\n` + value.map((item) => entry(item, indent)).join("");
  }
  if (isMap(value) && Object.keys(value).length) {
    const inner = Object.entries(value).map(([k, v]) => block(text(k) + ":", v, indent + "  "));
    return `${indent}${head}\n` + inner.join("");
  }
  return `${indent}${head} ${scalar(value)}\n`;
}

function entry(item, indent) {
  if ((Array.isArray(item) || isMap(item)) && Object.keys(item).length) {
    const lines = Array.isArray(item)
      ? item.map((inner) => entry(inner, indent + "  ")).join("")
      : Object.entries(item).map(([k, v]) => block(text(k) + ":", v, indent + "  ")).join("");
    return `${indent}- ${lines.slice(indent.length + 2)}`;
  }
  return `${indent}- ${scalar(item)}\n`;
}

function scalar(value) {
  if (value instanceof Exact || typeof value === "number") return number(String(value));
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) return "[]";
  if (isMap(value)) return "{}";
  return String(value);
}

// With a point and a sign where there is an exponent, as YAML 1.1 wants of what is no integer.
function number(digits) {
  const [mantissa, exponent] = digits.split(/e/i);
  if (exponent === undefined) return digits;
  return `${mantissa.includes(".") ? mantissa : mantissa + ".0"}e${/^[+-]/.test(exponent) ? "" : "+"}${exponent}`;
}

function text(value) {
  if (PLAIN.test(value) && !WORDS.test(value)) return value;
  return JSON.stringify(value).replace(
    /[\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]/g,
    (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}
