// YAML text to values that know where they stand: what client/zenml/load.py takes is taken, and nothing else.
// An unquoted word is a null, boolean or number only where YAML 1.1 and 1.2 agree, and text otherwise; what only one
// of them takes for the end of a line is refused.
import { numberOf } from "../lib/exact.js";
import { EVENT_ID, SCALAR_STYLE, getScalarValue, parseEvents } from "./vendor/js-yaml.js";

const CHARACTERS = 1 << 20, NODES = 50_000, DEPTH = 32;
const LEAST = -(2n ** 63n), MOST = 2n ** 64n - 1n, LONGEST = 40; // integers
const NOT_YAML = /[^\t\n\r -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const HALF = /(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]/;
const HARMLESS = new Set(["!", "!!str", "!!seq", "!!map"].flatMap((tag) => [tag, `!<tag:yaml.org,2002:${tag.slice(2)}>`]));
const WORDS = new Map([
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, null]),
  ...["true", "True", "TRUE"].map((word) => [word, true]),
  ...["false", "False", "FALSE"].map((word) => [word, false]),
]);
const INTEGER = /^[-+]?(?:0|[1-9][0-9]*)$|^0x[0-9a-fA-F]+$/;
const FLOAT = /^(?:([-+]?)([0-9]+)\.([0-9]*)|\.([0-9]+))([eE][-+][0-9]+)?$/;
const NOT_FINITE = /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/;

// What is wrong, where (counted from 1), and what to do. No value is in the sentence: it may be a credential.
export class YamlFault extends Error {
  constructor(sentence, { line = 1, column = 1 } = {}, hint = "") {
    super(sentence);
    Object.assign(this, { line, column, hint });
  }
}

// The one document in `text`, as a node: { value, line, column }; lists and maps (of Map) hold nodes.
export function load(text) {
  text = text.replace(/^\ufeff/, "");
  const place = placer(text);
  if (text.length > CHARACTERS) throw new YamlFault(`there are more than ${CHARACTERS} characters`);
  const odd = NOT_YAML.exec(text);
  if (odd) {
    const code = odd[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    throw new YamlFault(`the character U+${code} may not stand in YAML`, place(odd.index), "remove it, or write it as an escape in double quotes");
  }
  let events;
  try {
    events = parseEvents(text, { maxDepth: 2 * DEPTH });
  } catch (error) {
    const mark = error.mark ?? { line: 0, column: 0 };
    throw new YamlFault(`this is not YAML: ${error.reason ?? error.message}`, { line: mark.line + 1, column: mark.column + 1 },
      "a value with ': ' or ' #' in it must be quoted");
  }
  return new Reader(text, events, place).document();
}

// The value of a node alone, as JSON has it.
export function plain({ value }) {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, node]) => [key, plain(node)]));
  return value;
}

export const read = (text) => plain(load(text));

// Offsets to lines and columns.
function placer(text) {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0, high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - starts[low] + 1 };
  };
}

class Reader {
  constructor(text, events, place) {
    Object.assign(this, { text, events, place, next: 0, nodes: 0, characters: 0, last: 0, anchors: new Map() });
  }

  document() {
    const first = this.events[this.next++];
    const event = this.events[this.next++];
    if (!first || !event || event.type === EVENT_ID.POP) throw new YamlFault("there is nothing here");
    const root = this.node(event, 1);
    this.next++;
    if (this.events[this.next]) {
      const inner = this.events[this.next + 1];
      throw new YamlFault("a second document begins", this.place(this.start(inner ?? event)), "keep one in a text");
    }
    return root;
  }

  refuse(sentence, at, hint) {
    throw new YamlFault(sentence, this.place(at), hint);
  }

  // Where an event begins; what stands nowhere, as an empty value, is where the last one began.
  start(event) {
    const at = [event.start, event.valueStart, event.anchorStart, event.tagStart].find((n) => n !== undefined && n >= 0);
    if (at === undefined) return this.last;
    const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
    return (this.last = event.valueStart === at && quoted ? at - 1 : at);
  }

  node(event, depth) {
    if (event.type === EVENT_ID.ALIAS) return this.alias(event, depth);
    const at = this.start(event);
    this.deepest(depth, at);
    this.count(1, 0, at);
    if (event.tagStart >= 0 && !HARMLESS.has(this.text.slice(event.tagStart, event.tagEnd))) {
      this.refuse("tags are not read", at, "remove it: there are text, numbers, booleans, lists and maps");
    }
    const anchor = event.anchorStart >= 0 ? this.text.slice(event.anchorStart, event.anchorEnd) : null;
    if (anchor !== null) this.anchors.set(anchor, null);
    const before = [this.nodes, this.characters];
    const value = event.type === EVENT_ID.SCALAR ? this.scalar(event, at)
      : event.type === EVENT_ID.SEQUENCE ? this.list(depth) : this.map(depth);
    const node = { value, ...this.place(at), nodes: 1 + this.nodes - before[0], characters: this.characters - before[1], height: 1 + highest(value) };
    if (anchor !== null) this.anchors.set(anchor, node);
    return node;
  }

  alias(event, depth) {
    const at = event.anchorStart;
    const node = this.anchors.get(this.text.slice(at, event.anchorEnd));
    if (node === undefined) this.refuse("an alias names an anchor that is not there", at, "quote the value if it is meant to begin with '*'");
    if (node === null) this.refuse("a value holds itself", at, "write the value out instead of '*…'");
    this.deepest(depth + node.height - 1, at);
    this.count(node.nodes, node.characters, at);
    return node;
  }

  deepest(depth, at) {
    if (depth > DEPTH) this.refuse(`values are nested deeper than ${DEPTH} levels`, at, "keep the inner part as text");
  }

  count(nodes, characters, at) {
    this.nodes += nodes;
    this.characters += characters;
    if (this.nodes > NODES) this.refuse(`there are more than ${NODES} values, aliases written out`, at, "");
    if (this.characters > CHARACTERS) this.refuse(`there are more than ${CHARACTERS} characters, aliases written out`, at, "");
  }

  scalar(event, at) {
    const text = getScalarValue(this.text, event);
    this.count(0, text.length, at);
    if (event.style === SCALAR_STYLE.PLAIN && text.includes("\t")) this.refuse("there is a tab in text without quotes", at, "quote the text");
    if (event.style === SCALAR_STYLE.PLAIN && event.tagStart < 0) return this.unquoted(text, at);
    if (!text.isWellFormed() || (event.style === SCALAR_STYLE.DOUBLE_QUOTED && HALF.test(this.text.slice(event.valueStart, event.valueEnd)))) this.refuse("half a character (a lone surrogate) is escaped here", at, "write the character itself");
    return text;
  }

  unquoted(text, at) {
    if (WORDS.has(text)) return WORDS.get(text);
    if (INTEGER.test(text)) return this.integer(text, at);
    if (NOT_FINITE.test(text)) this.notFinite(at);
    const float = FLOAT.exec(text);
    if (!float) return text;
    const [, sign, whole = "0", fraction, alone, exponent = ""] = float;
    const digits = `${sign === "-" ? "-" : ""}${whole.replace(/^0+(?=\d)/, "")}.${(alone ?? fraction) || "0"}${exponent}`;
    if (!Number.isFinite(Number(digits))) this.notFinite(at);
    return numberOf(digits);
  }

  integer(text, at) {
    const tooLarge = () => this.refuse("an integer does not fit 64 bits", at, "quote it to make it text");
    if (text.length > LONGEST) tooLarge();
    const value = text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text.replace("+", ""));
    if (value < LEAST || value > MOST) tooLarge();
    return numberOf(String(value));
  }

  notFinite(at) {
    this.refuse("a number is not finite, or too large", at, "quote it to make it text");
  }

  list(depth) {
    const items = [];
    for (;;) {
      const event = this.events[this.next++];
      if (event.type === EVENT_ID.POP) return items;
      items.push(this.node(event, depth + 1));
    }
  }

  map(depth) {
    const entries = new Map();
    const lines = new Map();
    for (;;) {
      const event = this.events[this.next++];
      if (event.type === EVENT_ID.POP) return entries;
      const key = this.node(event, depth + 1);
      const at = this.last;
      if (typeof key.value !== "string") this.refuse("a key is not text", at, "quote the key");
      if (key.value === "<<" && event.style === SCALAR_STYLE.PLAIN) this.refuse("merge keys ('<<') are not read", at, "write the merged keys out here");
      if (entries.has(key.value)) this.refuse(`a key stands here again, after line ${lines.get(key.value)}`, at, "keep one of the two");
      const value = this.node(this.events[this.next++], depth + 1);
      // Where nothing is written, what counts is the place of its key.
      entries.set(key.value, value.value === null ? { ...value, line: key.line, column: key.column } : value);
      lines.set(key.value, key.line);
    }
  }
}

const highest = (value) => {
  const inner = Array.isArray(value) ? value : value instanceof Map ? [...value.values()] : [];
  return inner.reduce((most, { height }) => Math.max(most, height), 0);
};
