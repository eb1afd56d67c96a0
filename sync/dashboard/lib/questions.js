// What there is to decide in a conflict, as people are asked it; and what their answers are for the hub, which
// works out what comes of them.
import { wishes } from "./holdings.js";
import { overlap } from "./paths.js";

const NAME = "/name";
export const THEIRS = "theirs", OURS = "ours", EDIT = "edit";

// The questions of a conflict, and `rest`: what is wanted beside.
// A question has a `key`, the `shape` (value, gone, delete, name), its `entity`, `path`, `overlaps`, the `options`
// and for a name the `wish` that wants it. One of shape `told` asks nothing: `rest` decides it.
export function questionsOf(conflict) {
  const wanted = wishes(conflict);
  const questions = new Map();
  for (const found of conflict.overlaps) {
    const asked = questionOf(found, wanted);
    const before = questions.get(asked.key);
    if (before) before.overlaps.push(found);
    else questions.set(asked.key, { ...asked, overlaps: [found] });
  }
  const all = [...questions.values()];
  return { questions: all, rest: wanted.map((wish) => without(wish, all)).filter(Boolean) };
}

function questionOf({ kind, entity, path, theirs, ours }, wanted) {
  const own = wanted.filter((wish) => wish.entity === entity);
  const place = { entity, path, key: `${entity} ${path}` };
  if (kind === "name") {
    const wish = wanted.find((w) => w.entity !== entity && w.name === ours && ["Registered", "Renamed"].includes(w.verb));
    return { ...place, shape: "name", wish, options: wish?.verb === "Renamed" ? [THEIRS, EDIT] : [THEIRS, OURS, EDIT] };
  }
  if (kind === "edit/delete" && ours === undefined && own.some((wish) => wish.verb === "Deleted")) {
    return { entity, path: "", key: `${entity} deleted`, shape: "delete", options: [THEIRS, OURS] };
  }
  const written = path && own.some((wish) => wish.verb !== "Registered" && wish.writes.some(([at]) => overlap(at, path)));
  if (!written) return { ...place, shape: "told", options: [] };
  const shape = kind === "edit/delete" && theirs === undefined ? "gone" : "value";
  const member = path.startsWith("/components/") && path.split("/").length > 3;
  return { ...place, shape, options: member ? [THEIRS, OURS] : [THEIRS, OURS, EDIT] };
}

// What of a wish no question is about; null if nothing is left of it.
function without(wish, questions) {
  const asks = (shape, test = () => true) => questions.some((q) => q.shape === shape && test(q));
  if (wish.verb === "Deleted") return asks("delete", (q) => q.entity === wish.entity) ? null : wish;
  if (wish.verb === "Registered") return asks("name", (q) => q.wish === wish) ? null : wish;
  const own = questions.filter((q) => q.shape !== "told" && (q.entity === wish.entity || q.wish === wish));
  const writes = wish.writes.filter(([path]) => !own.some((q) => q.wish === wish || overlap(q.path, path)));
  return writes.length || wish.verb === "Resolved" ? { ...wish, writes } : null;
}

// The step that carries out `answers` (by key: { side, value }, the value being JSON text or null for nothing)
// and the side of the rest; null while something is not answered.
export function resolution(id, questions, answers, side) {
  const asked = questions.filter((q) => q.options.length);
  if (!side || asked.some((q) => !answers[q.key] || answers[q.key].value === undefined && answers[q.key].side === EDIT)) return null;
  const takes = [], edits = [];
  for (const { key, entity, overlaps, shape, wish } of asked) {
    const answer = answers[key];
    const mine = answer.side === EDIT ? OURS : answer.side;
    // Where ours takes another name, what has the name keeps all that it says.
    const taken = shape === "name" && answer.side === EDIT ? THEIRS : mine;
    for (const path of new Set(overlaps.map((o) => o.path))) {
      if (taken !== side) takes.push([entity, path, taken]);
      if (answer.side === EDIT) edits.push([entity, path, answer.value]);
    }
    // Whoever leaves a name to others is not renamed.
    if (shape === "name" && wish?.verb === "Renamed" && mine !== side) takes.push([wish.entity, NAME, mine]);
  }
  return { step: "resolve", conflict: id, side, takes, edits };
}
