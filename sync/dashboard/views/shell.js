// What stands around every view: where one is, where one can go, whether the hub is there.
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { app, changed, world } from "../lib/app.js";
import { signOut } from "../lib/coming.js";
import { go, setQuery, to } from "../lib/going.js";
import { places } from "../lib/drafts.js";
import { place } from "../lib/route.js";
import { ago, many } from "../lib/words.js";
import { Mark } from "./icons.js";
import { Asking } from "./actions.js";
import { Help, useKeys } from "./keys.js";
import { Command, Empty, Link, Problem, Waiting } from "./parts.js";
import { Distrust } from "./proof.js";
import { SignIn } from "./sign_in.js";
import { TimeBar } from "./time.js";
import { INSIDE, OF_HUB, OUTSIDE, QUEUES, TABS, TITLES } from "./views.js";

export function Shell() {
  const [help, setHelp] = useState(false);
  const [slider, setSlider] = useState(false);
  const main = useRef(null);
  const { route } = app;
  useKeys({
    help: () => setHelp(!help),
    time: () => app.phase === "in" && setSlider(!slider),
    escape: () => setHelp(false),
  });
  useEffect(() => {
    document.title = [route.name ?? TITLES[route.view], route.seq && `#${route.seq}`, route.profile, "Stackroom"].filter(Boolean).join(" · ");
    // Whoever listens to the page is told that it is another one.
    if (app.moved) main.current?.querySelector("h1")?.focus();
  }, [route]);
  if (app.phase === "out") return html`<${SignIn} />`;
  const open = slider || Boolean(route.at);
  return html`
    <a class="skip" href="#main">To the content</a>
    <${Bar} slider=${open} toggle=${() => (open ? closeSlider(setSlider) : setSlider(true))} help=${() => setHelp(true)} />
    <${Distrust} />
    <${Banners} />
    ${open && app.live && route.view !== "compare" && html`<${TimeBar} close=${() => closeSlider(setSlider)} />`}
    <main id="main" ref=${main} tabindex="-1" class=${route.at ? "then" : ""}><${Content} /></main>
    <${Asking} />
    ${help && html`<${Help} close=${() => setHelp(false)} />`}`;
}

function closeSlider(setSlider) {
  setSlider(false);
  if (app.route.at) setQuery({ at: null });
}

function Content() {
  const { route, profiles } = app;
  if (!profiles && !app.live) return html`<${Waiting}>Asking the hub<//>`;
  const Outside = OUTSIDE[route.view];
  if (Outside) return html`<${Outside} />`;
  if (route.view === "home" || route.view === "done") {
    if (profiles?.length) return html`<${Waiting}>Opening<//>`;
    return html`<${Empty} whole title="There is no profile that you may read">
      <p>Somebody makes one, or gives you a role in one that is there:</p><${Command}>stackroom profile create NAME<//><//>`;
  }
  if (app.refused) return html`<${Empty} whole title="You may not read this profile"><p>${app.refused}</p><//>`;
  if (profiles && !profiles.some((p) => p.name === route.profile)) {
    return html`<${Empty} whole title=${`There is no profile ${route.profile} that you may read`}>
      <p>${profiles.map((p) => html`<${Link} key=${p.id} to=${place(p.name)}>${p.name}<//> `)}</p><//>`;
  }
  const View = INSIDE[route.view];
  if (!View) return html`<${Empty} whole title="There is nothing at this address"><p><${Link} to=${to()}>All stacks<//></p><//>`;
  const shown = world();
  const key = [route.view, route.type, route.name, route.seq].join("\n");
  if (shown) return html`<${View} key=${key} world=${shown} />`;
  if (app.past?.error) return html`<${Problem}>That moment cannot be shown: ${app.past.error}<//>`;
  const before = route.at && app.past?.shown;
  if (before) return html`<div class="dim" aria-busy="true"><${View} key=${key} world=${before} /></div>`;
  return html`<${Waiting}>Reading ${route.profile}<//>`;
}

function Bar({ slider, toggle, help }) {
  const { route, profiles } = app;
  const here = route.profile ?? app.profile?.name;
  const index = app.live?.index;
  return html`<header class="bar">
    <${Link} class="brand" to="/">Stackroom<//>
    ${profiles && here && html`<label class="profiles"><span class="hidden">Profile</span>
      <select value=${here} onChange=${(e) => go(place(e.currentTarget.value))}>
        ${!profiles.some((p) => p.name === here) && html`<option value=${here}>${here}</option>`}
        ${profiles.map((p) => html`<option key=${p.id} value=${p.name}>${p.name}</option>`)}
      </select></label>`}
    <nav aria-label="Views">
      ${profiles && here && TABS.map(([title, , names, views]) => html`<${Link} key=${title}
        to=${to(...names)} aria-current=${views.includes(route.view) ? "page" : undefined}>${title}<//>`)}
      ${OF_HUB.map(([title, , address, view]) => html`<${Link} key=${title}
        to=${address} aria-current=${view === route.view ? "page" : undefined}>${title}<//>`)}
    </nav>
    <div class="side">
      ${route.profile && QUEUES.map(([title, , names, says]) => index?.[names[0]].length > 0 && html`<${Link} key=${title}
        class="badge" to=${to(...names)} title=${title.toLowerCase()}>${says(index[names[0]])}<//>`)}
      <${Mine} />
      ${route.profile && route.view !== "compare" && html`<button type="button" class="quiet" aria-pressed=${slider} aria-label="Time" aria-keyshortcuts="t" onClick=${toggle}><${Mark} of="clock" /><span class="wide">Time</span></button>`}
      <button type="button" class="quiet" aria-label="Keys" aria-keyshortcuts="?" onClick=${help}>?</button>
      <span class=${`light light-${app.status.name}`} role="img" aria-label=${app.status.name === "open" ? "live" : "offline"} title=${app.status.name === "open" ? "live" : "offline"} />
      <span class="user">${app.user}</span>
      <button type="button" class="quiet" onClick=${signOut}>Sign out</button>
    </div>
  </header>`;
}

// What waits of one's own: proposals that are on their way, that were refused, and forms that were begun.
function Mine() {
  if (!app.profile) return null;
  const { mine, pending } = app.outbox;
  const begun = places().filter((place) => place !== location.pathname);
  const counts = [[pending.length, "not sent"], [mine.length - pending.length, "refused"], [begun.length, "begun"]].filter(([n]) => n);
  if (!counts.length) return null;
  return html`<${Link} class="badge" to=${to("yours")}>${counts.map(([n, what]) => `${n} ${what}`).join(", ")}<//>`;
}

function Banners() {
  const { status } = app;
  const lost = status.name === "waiting" || (status.name === "connecting" && status.failures > 1);
  useEffect(() => {
    if (!lost) return undefined;
    const timer = setInterval(changed, 1_000);
    return () => clearInterval(timer);
  }, [lost]);
  const { pending, elsewhere, problem } = app.outbox;
  const seconds = status.until ? Math.max(0, Math.ceil((status.until - Date.now()) / 1_000)) : 0;
  return html`<div role="status">
    ${lost && html`<p class="banner">Offline.
      ${app.live ? ` What you see is as of #${app.live.seq}, ${ago(app.heard)}.` : ""}
      ${pending.length ? ` ${many(pending.length, "change")} of yours ${pending.length === 1 ? "is" : "are"} kept here, and sent when it is back.` : ""}
      ${status.name === "waiting" ? ` Trying again in ${seconds} s.` : " Trying again."}
      <button type="button" class="quiet" onClick=${() => app.connection.again()}>Try now</button></p>`}
    ${problem && html`<p class="banner">The hub takes no changes now: ${problem}. Yours ${pending.length + elsewhere === 1 ? "is" : "are"} kept here, and offered again.</p>`}
    ${app.stays && html`<p class="banner" role="alert">${app.stays}</p>`}
    ${app.upgraded && html`<p class="banner">The hub was upgraded.
      <button type="button" class="quiet" onClick=${() => location.reload()}>Reload this page</button></p>`}
  </div>`;
}
