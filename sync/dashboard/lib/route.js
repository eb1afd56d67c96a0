// Addresses of views: /p/PROFILE, /p/PROFILE/stacks/NAME, …/components/TYPE/NAME, …/activity; `at` is a moment.

export function parseRoute(url) {
  const [top, ...rest] = url.pathname.split("/").slice(1).map(decoded);
  const query = url.searchParams;
  if (top !== "p" || !rest[0]) return { view: url.pathname === "/auth/done" ? "done" : "home", query };
  const [profile, place, ...names] = rest;
  const at = Number(query.get("at")) || null;
  const known = { profile, at, query };
  if (!place) return { view: "overview", ...known };
  if (place === "stacks" && names.length === 1) return { view: "stack", name: names[0], ...known };
  if (place === "components" && !names.length) return { view: "components", ...known };
  if (place === "components" && names.length === 2) {
    return { view: "component", type: names[0], name: names[1], ...known };
  }
  if (place === "activity" && !names.length) return { view: "activity", ...known };
  return { view: "nowhere", ...known };
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
