// One commit, held against what the hub has signed: what was checked, in words.
import { fromBase64, toHex } from "./bytes.js";
import { parse } from "./exact.js";
import { fingerprint, isSigned } from "./ed25519.js";
import { leafOf, statementOf } from "./leaf.js";
import { isIncluded, leafHash } from "./merkle.js";
import { many, when } from "./words.js";

// What holds a proposal for a decision: then its author has signed that.
const HOLDING = ["ConflictOpened", "ConflictJoined", "ChangeRequested", "RequestJoined"];
const SHOWN = ["id", "author", "message", "time", "accepted"];

// { state: "good" or "bad", checks: [{ ok, text }], commit }; `ok` is null of what is only told.
// `entry` is what the page shows, `proven` what the hub has stored, with its proof in the tree that `now` states.
export async function examined(profile, entry, { commit, path }, { now, before, keyId }) {
  const leaf = await leafHash(await leafOf(profile, commit));
  const start = `${toHex(leaf).slice(0, 16)}…`, root = `${toHex(now.root).slice(0, 16)}…`;
  const included = commit.seq === entry.seq && (await isIncluded(leaf, commit.seq - 1, now.size, path.map(fromBase64), now.root));
  const shown = SHOWN.filter((field) => commit[field] !== entry[field]);
  const redacted = commit.events.filter((event) => event.digest).length;
  const checks = [
    included
      ? { ok: true, text: `Its leaf, ${start}, computed here from what the hub has stored, is number ${commit.seq} of the ${now.size} below the root ${root}` }
      : { ok: false, text: `What the hub has stored of it is not what the hub has signed: the leaf ${start} is not number ${commit.seq} of the ${now.size} below the root ${root}` },
    { ok: true, text: `The hub has signed that root with its key ${keyId}, ${when(now.time)}` },
    before
      ? { ok: true, text: `That tree begins with the one of ${many(before, "commit")} that this browser has seen signed` }
      : { ok: null, text: "This browser has seen no tree of this profile before: it holds the hub to this one from now on" },
    shown.length
      ? { ok: false, text: `What is shown as its ${shown.join(", ")} is not what is stored` }
      : { ok: true, text: "Author, message and times are shown as they are stored" },
    await byAuthor(profile, commit),
  ];
  if (redacted) checks.push({ ok: null, text: `${many(redacted, "event")} of it ${redacted === 1 ? "was" : "were"} redacted: the tree stands for what the author wrote, the values that are there now for nothing` });
  return { state: checks.some(({ ok }) => ok === false) ? "bad" : "good", checks, commit };
}

async function byAuthor(profile, commit) {
  const held = HOLDING.includes(commit.events[0]?.type) ? parse(commit.events[0].body).held : null;
  const made = held ? held.proposal : commit;
  if (!made.key && !made.signature) return { ok: null, text: "Its author has not signed it" };
  const key = fromBase64(made.key ?? "");
  const fits = await isSigned(key, await statementOf(profile, commit.replica, made), fromBase64(made.signature ?? ""));
  const own = !held || (held.author === commit.author && held.replica === commit.replica
    && ["id", "number", "base", "message", "time"].every((field) => made[field] === commit[field]));
  const print = await fingerprint(key);
  return fits && own
    ? { ok: true, text: `It is signed by the key ${print}; whose that is stands among the people of the hub` }
    : { ok: false, text: `The signature in it is not one of the key ${print} over what is stored` };
}
