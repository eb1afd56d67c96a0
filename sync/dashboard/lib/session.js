// Coming in and going out. A secret passes through here once: what stays is a cookie that no script reads.
import { JOIN, LOGIN, SET_UP, kindOf, makeToken } from "./tokens.js";
import { Line, Refused } from "./wire.js";

const LIFETIME = 12 * 3600 * 1000; // of a token that the page makes for itself; renewed while it is open
const NAME = "dashboard";
const KEPT = "stackroom.replica";
const LEFT_FOR = "stackroom.left-for-provider";

// The replica of who is signed in here; it is no secret, and says that there is a cookie.
export const replica = () => localStorage.getItem(KEPT);
export const becomeAnother = () => localStorage.setItem(KEPT, crypto.randomUUID());
export const canSignIn = () => Boolean(globalThis.crypto?.subtle);

export async function ways() {
  const line = new Line();
  try {
    await line.say({ type: "list_ways" });
    return await line.hear("ways");
  } finally {
    line.close();
  }
}

export async function byPassword(user, password) {
  await comingIn(async (line, own) => {
    const made = await makeToken(NAME);
    await line.say({ type: "sign_in", user, password, token: made.order });
    await line.hear("reply");
    await keep(made.text, own);
  });
}

// By a token, or a one-time code. Gives the token that a code made, for its holder to keep; else null.
export async function bySecret(secret, user) {
  const kind = kindOf(secret);
  if (kind === null) throw new Refused("slip", "this is no token and no code, or has a slip in it");
  return comingIn(async (line, own) => {
    if (![JOIN, SET_UP, LOGIN].includes(kind)) {
      await withToken(line, own, secret);
      return null;
    }
    const made = await makeToken(kind === LOGIN ? NAME : "first");
    await line.say({ type: "redeem", code: secret, token: made.order, user: kind === SET_UP ? user : "" });
    await line.hear("reply");
    if (kind === LOGIN) {
      await keep(made.text, own);
      return null;
    }
    await withToken(line, own, made.text);
    return made.text;
  });
}

export const isCode = (secret) => [JOIN, SET_UP].includes(kindOf(secret));
export const isSetUp = (secret) => kindOf(secret) === SET_UP;

export function leaveForProvider() {
  sessionStorage.setItem(LEFT_FOR, "1");
  location.assign("/auth/login");
}

// Whether this very tab went to the provider to come in here.
export function cameBack() {
  const left = sessionStorage.getItem(LEFT_FOR) !== null;
  sessionStorage.removeItem(LEFT_FOR);
  return left;
}

export async function signOut(connection) {
  await fetch("/auth/forget");
  localStorage.removeItem(KEPT);
  const { tokens = [] } = await connection.order({ order: "list_tokens" });
  const here = tokens.find((token) => token.here);
  // A token that was made elsewhere, and of limited scope, is its owner's to end.
  if (here?.name === NAME) await connection.order({ order: "revoke_token", token: here.id });
}

export const forget = () => localStorage.removeItem(KEPT);

async function comingIn(work) {
  const line = new Line();
  try {
    return await work(line, crypto.randomUUID());
  } finally {
    line.close();
  }
}

// Says hello with `secret`, and has it make a token that ends soon. One of limited scope makes none: it is kept.
async function withToken(line, own, secret) {
  await line.say({ type: "hello", replica: own, token: secret, client: NAME });
  await line.hear("welcome");
  const made = await makeToken(NAME);
  await line.say({ type: "ask", id: 1, order: { order: "make_token", token: made.order, lifetime: LIFETIME } });
  try {
    await line.hear("reply");
  } catch (error) {
    if (error.code !== "not_allowed") throw error;
    await keep(secret, own);
    return;
  }
  await keep(made.text, own);
}

async function keep(token, own) {
  const answer = await fetch("/auth/cookie", { headers: { Authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Refused("no_cookie", (await answer.text()).trim());
  localStorage.setItem(KEPT, own);
}
