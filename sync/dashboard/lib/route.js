// Addresses of views: those in a profile, as /p/PROFILE/stacks/NAME, and those of the hub; `at` is a moment.

// The views in a profile; what begins with ":" is any name.
const INSIDE = [
  ["overview", []],
  ["stack", ["stacks", ":name"]],
  ["components", ["components"]],
  ["component", ["components", ":type", ":name"]],
  ["activity", ["activity"]],
  ["compare", ["compare"]],
  ["conflicts", ["conflicts"]],
  ["conflict", ["conflicts", ":seq"]],
  ["requests", ["requests"]],
  ["request", ["requests", ":seq"]],
  ["yours", ["yours"]],
  ["new-stack", ["new", "stack"]],
  ["new-component", ["new", "component"]],
  ["edit-stack", ["edit", "stacks", ":name"]],
  ["edit-component", ["edit", "components", ":type", ":name"]],
  ["settings", ["settings"]],
];
const OUTSIDE = { "/": "home", "/auth/done": "done", "/team": "team", "/hub": "hub" };

export function parseRoute(url) {
  const query = url.searchParams;
  const outside = OUTSIDE[url.pathname];
  if (outside) return { view: outside, query };
  const [top, profile, ...steps] = url.pathname.split("/").slice(1).map(decoded);
  if (top !== "p" || !profile) return { view: "nowhere", query };
  const at = Number(query.get("at")) || null;
  for (const [view, shape] of INSIDE) {
    const names = fitting(shape, steps);
    if (names) return { view, profile, at, query, ...names };
  }
  return { view: "nowhere", profile, at, query };
}

function fitting(shape, steps) {
  if (shape.length !== steps.length) return null;
  const names = {};
  for (const [i, step] of shape.entries()) {
    if (step.startsWith(":")) names[step.slice(1)] = steps[i];
    else if (step !== steps[i]) return null;
  }
  return names;
}

function decoded(part) {
  try {
    const text = decodeURIComponent(part);
    return DOTS.test(text) ? text.replaceAll("%2e", ".") : text;
  } catch {
    return part;
  }
}

// "." and ".." would be taken for steps through folders, also as "%2e": they are encoded twice.
const DOTS = /^(%2e){1,2}$/;
const segment = (name) => (/^\.{1,2}$/.test(name) ? name.replaceAll(".", "%252e") : encodeURIComponent(name));

export const place = (profile, ...names) => ["/p", profile, ...names].map((n, i) => (i ? segment(n) : n)).join("/");

// The address with other values in its query; null takes one out.
export function withQuery(path, query, changes) {
  const next = new URLSearchParams(query);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === "") next.delete(key);
    else next.set(key, value);
  }
  const text = next.toString();
  return text ? `${path}?${text}` : path;
}
