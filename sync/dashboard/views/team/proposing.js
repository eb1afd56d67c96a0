// Changes of the people, from a dialog: what the hub refuses is said there, where it can be mended.
import { app } from "../../lib/app.js";
import * as edits from "../../lib/edits.js";
import { Refused } from "../../lib/wire.js";

const CONFLICT = "somebody else said something else meanwhile: both are kept, to be decided by `stackroom conflicts --profile people`";
const OFFLINE = "the hub cannot be reached: its people are changed while it is there";
const PENDING = "the hub has not answered yet: this is kept in the browser, and offered again";

// Throws Refused unless it stands.
export async function propose(changes, message) {
  const { people, status } = app;
  if (status.name !== "open") throw new Refused("offline", OFFLINE);
  const fate = await edits.propose(changes, message, { profile: people.id, base: people.live.seq });
  if (fate.outcome === "rejected") {
    // The dialog still has what was entered.
    await edits.drop(fate.id);
    throw new Refused(fate.code, fate.sentence);
  }
  if (fate.outcome === "conflict") throw new Refused("conflict", CONFLICT);
  if (fate.outcome === "pending") throw new Refused("pending", PENDING);
}
