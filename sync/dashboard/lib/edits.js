// Changing something: a proposal is kept here first, then offered to the hub, which says what became of it.
import { app, changed } from "./app.js";
import { encode, parse } from "./exact.js";

export { newId } from "./outbox.js";

const PATIENCE = 10_000; // milliseconds to wait for an answer before saying that it is on its way

// Whether the signed-in person holds a permission, in this profile or in the one of that id.
export function may(permission, profile = app.profile?.id) {
  const { rights } = app;
  return (rights?.profiles?.[profile] ?? rights?.hub ?? []).includes(permission);
}

// … on the hub as a whole.
export const mayOnHub = (permission) => Boolean(app.rights?.hub?.includes(permission));

// `changes` are [{ type, entity, body }], a body being a map or its JSON text. Resolves with the hub's answer, whose
// outcome is `pending` where it cannot be reached now. Throws where this browser cannot keep the proposal.
// `base` is the seq that its author had in view.
export async function propose(changes, message, { profile = app.profile.id, base = app.live.seq } = {}) {
  const { connection, outbox } = app;
  const { id } = await outbox.add({ replica: connection.replica, profile, base, changes, message });
  if (app.status.name !== "open") return { id, outcome: "pending" };
  const fate = outbox.fate(id, PATIENCE);
  outbox.push(connection);
  return fate;
}

// What the hub says that would become of a step (docs/protocol.md), and what to propose for it; nothing is saved.
export async function rehearse(step, { profile = app.profile.id, base = 0 } = {}) {
  const whole = step.step === "change" ? { ...step, changes: step.changes.map(asText) } : step;
  const { entities = "{}", changes = [], overlaps = [], ...drafted } = await app.connection.ask({
    type: "draft", profile, base, step: whole,
  });
  return { ...drafted, changes, overlaps, entities: parse(entities) };
}

const asText = ({ type, entity, body }) => ({ type, entity, body: typeof body === "string" ? body : encode(body) });

export async function retry(id) {
  await app.outbox.retry(id, app.connection.replica, app.live.seq);
  if (app.status.name === "open") await app.outbox.push(app.connection);
  changed();
}

export const drop = (id) => app.outbox.drop(id);
