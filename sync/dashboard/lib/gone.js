// What entities were called that stand no more: the log is asked, once something on the page wants to say it.
import { app, changed } from "./app.js";

const AT_ONCE = 4;
const known = new Map(), wanted = [];
let asking = 0;

// { kind, name, component_type } of it, or for a conflict or request { kind, number }; undefined until it is known.
export function gone(id) {
  const { connection, profile } = app;
  const key = `${profile?.id} ${id}`;
  if (!known.has(key) && connection && profile) {
    known.set(key, undefined);
    wanted.push({ key, id, connection, profile: profile.id });
    next();
  }
  return known.get(key);
}

function next() {
  while (asking < AT_ONCE && wanted.length) ask(wanted.pop());
}

async function ask({ key, id, connection, profile }) {
  asking++;
  try {
    const { entries = [] } = await connection.ask({ type: "read_log", profile, before: 0, most: 1, entity: id });
    const { differences = [], turns = [] } = entries[0] ?? {};
    known.set(key, differences[0] ?? turns.find((turn) => turn.id === id) ?? null);
    changed();
  } catch {
    known.delete(key); // Asked again, once something is shown anew.
  } finally {
    asking--;
    next();
  }
}
