// Keeps the page itself, so that it opens while the hub cannot be reached: the last one that came, whole.

const CACHE = "stackroom", PAGE = "/", STATIC = "/static/";
const VIEWS = /^\/(?:$|p\/|team$|hub$)/;

addEventListener("install", (event) => event.waitUntil(fetch(PAGE, { headers: { Accept: "text/html" } }).then(keep).then(skipWaiting)));
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && VIEWS.test(pathname)) event.respondWith(page(event));
  else if (pathname.startsWith(STATIC)) event.respondWith(file(request));
});

// The hub's own, if it can be reached: so an upgrade is seen at once.
async function page(event) {
  try {
    const answer = await fetch(event.request);
    if (answer.ok) event.waitUntil(keep(answer.clone()));
    return answer;
  } catch {
    return (await caches.match(PAGE)) ?? Response.error();
  }
}

const file = async (request) => (await caches.match(request)) ?? fetch(request);

// Keeps a page with every file that it names, and lets go of those of the page before.
async function keep(answer) {
  const cache = await caches.open(CACHE);
  const named = new Set((await answer.clone().text()).match(/\/static\/[^"\s]+/g));
  const kept = (await cache.keys()).filter(({ url }) => new URL(url).pathname !== PAGE);
  const there = new Set(kept.map(({ url }) => new URL(url).pathname));
  await cache.addAll([...named].filter((path) => !there.has(path)));
  await cache.put(PAGE, answer);
  for (const request of kept) if (!named.has(new URL(request.url).pathname)) await cache.delete(request);
}
