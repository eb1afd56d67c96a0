// Numbers, times and names as people read them.

const UNITS = [
  ["year", 31536e6],
  ["month", 2592e6],
  ["day", 864e5],
  ["hour", 36e5],
  ["minute", 6e4],
];
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
export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1).replace(/([^.!?])$/, "$1.");

export const when = (time) => whole.format(new Date(time));
export const many = (n, one, more = one + "s") => `${count.format(n)} ${n === 1 ? one : more}`;
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
