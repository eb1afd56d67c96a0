// What entities were called that stand no more: the log is asked, once something on the page wants to say it.
import { app, changed } from "./app.js";

const known = new Map();

// { kind, name, component_type } of it, or for a conflict or request { kind, number }; undefined until it is known.
export function gone(id) {
  const { connection, profile } = app;
  const key = `${profile?.id} ${id}`;
  if (!known.has(key) && connection && profile) {
    known.set(key, undefined);
    ask(key, id, connection, profile.id);
  }
  return known.get(key);
}

async function ask(key, id, connection, profile) {
  try {
    const { entries = [] } = await connection.ask({ type: "read_log", profile, before: 0, most: 1, entity: id });
    const { differences = [], turns = [] } = entries[0] ?? {};
    known.set(key, differences[0] ?? turns.find((turn) => turn.id === id) ?? null);
    changed();
  } catch {
    known.delete(key); // Asked again, once something is shown anew.
  }
}
