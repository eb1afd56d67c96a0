// Numbers, times and names as people read them.

const UNITS = [
  ["year", 31536e6],
  ["month", 2592e6],
  ["day", 864e5],
  ["hour", 36e5],
  ["minute", 6e4],
];
const SIZES = ["B", "KiB", "MiB", "GiB", "TiB"];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "narrow" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const count = new Intl.NumberFormat("en");

// How long ago it is, or in how long it will be.
export function ago(time, now = Date.now()) {
  const past = time - now;
  for (const [unit, length] of UNITS) {
    if (Math.abs(past) >= length) return relative.format(Math.round(past / length), unit);
  }
  return "just now";
}

// A refusal of the hub's as a sentence of its own.
export const sentence = (text = "") => text && text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

export const when = (time) => whole.format(new Date(time));
export const many = (n, one, more = one + "s") => `${count.format(n)} ${n === 1 ? one : more}`;
export const number = (n) => count.format(n);
export const few = (n) => count.format(n < 10 ? Math.round(n * 10) / 10 : Math.round(n));

// A size as people read it, in powers of 1024.
export function bytes(n) {
  let unit = 0;
  for (; n >= 1023.5 && unit < SIZES.length - 1; n /= 1024) unit++;
  return `${unit ? few(n) : Math.round(n)} ${SIZES[unit]}`;
}

// A span of milliseconds, in its largest unit.
export function lasting(span) {
  for (const [unit, length] of UNITS) if (span >= length) return many(Math.floor(span / length), unit);
  return many(Math.floor(span / 1_000), "second");
}

export const spaced = (type) => type.replaceAll("_", " ");

const DONE = {
  Created: "created", Registered: "registered", Updated: "updated", Renamed: "renamed", Deleted: "deleted",
  Set: "set", Opened: "opened", Joined: "joined", Resolved: "resolved", Requested: "requested",
  Approved: "approved", Closed: "closed", Assigned: "assigned", Revoked: "revoked",
};

// `ComponentUpdated` as `component updated`.
export function event(type) {
  const parts = type.match(/[A-Z][a-z]*/g) ?? [type];
  return parts.map((part) => DONE[part] ?? part.toLowerCase()).join(" ");
}
