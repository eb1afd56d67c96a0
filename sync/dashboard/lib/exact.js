// JSON as the hub wrote it: numbers that JavaScript would change (2^60, 1.0) keep their own text.

export class Exact {
  constructor(source) {
    this.source = source;
  }
  toString() {
    return this.source;
  }
}

// A number with a point, an exponent or sixteen digits; inside a text, it costs time and changes nothing.
const DOUBTFUL = /(?:\\?"\\?:|[,[])-?(?:\d+\.|\d{16}|\d+[eE])/;

export function parse(text) {
  if (!DOUBTFUL.test(text)) return JSON.parse(text);
  return JSON.parse(text, (key, value, context) =>
    typeof value === "number" && context && String(value) !== context.source
      ? new Exact(context.source)
      : value,
  );
}

// The number that these digits of JSON say.
export const numberOf = (digits) => (String(Number(digits)) === digits ? Number(digits) : new Exact(digits));

export const isMap = (value) =>
  value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Exact);

// A value as the JSON text that is kept: numbers as they were entered.
export function encode(value) {
  if (value instanceof Exact) return value.source;
  if (Array.isArray(value)) return `[${value.map(encode).join(",")}]`;
  if (isMap(value)) {
    return `{${Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}:${encode(v)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

// A value as one line of JSON for people.
export function inline(value) {
  if (value instanceof Exact) return value.source;
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (isMap(value)) {
    return `{${Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}: ${inline(v)}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}
