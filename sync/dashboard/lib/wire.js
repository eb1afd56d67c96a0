// One WebSocket to the hub, in the JSON form of docs/protocol.md, and how it comes back.
import { parse } from "./exact.js";

const SUBPROTOCOL = "stackroom.v1+json";
const FIRST_WAIT = 500, LONGEST_WAIT = 30_000; // milliseconds
const ANSWERS = ["reply", "looked", "log_read", "drafted", "inspected", "runs_listed"]; // messages that have the `id` of a question
export const UNAUTHORISED = 4401;

export class Refused extends Error {
  constructor(code, sentence) {
    super(sentence);
    this.code = code;
  }
}

const address = () => location.origin.replace(/^http/, "ws") + "/";

// A socket on which one message after the other is said, and heard.
export class Line {
  constructor() {
    this.socket = new WebSocket(address(), SUBPROTOCOL);
    this.heard = [];
    this.waiting = null;
    this.socket.onmessage = ({ data }) => this.came(parse(data));
    this.socket.onclose = ({ code, reason }) => this.came({ type: "closed", code, reason });
    this.opened = new Promise((resolve) => (this.socket.onopen = resolve));
  }

  came(message) {
    this.heard.push(message);
    this.waiting?.();
  }

  async say(message) {
    await Promise.race([this.opened, new Promise((resolve) => this.socket.addEventListener("close", resolve))]);
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  // The next message of that type. Throws Refused for an error, a refusal, or the end.
  async hear(type) {
    for (;;) {
      while (!this.heard.length) await new Promise((resolve) => (this.waiting = resolve));
      const message = this.heard.shift();
      if (message.type === "error") throw new Refused(message.code, message.sentence);
      if (message.type === "reply" && message.code) throw new Refused(message.code, message.sentence);
      if (message.type === "closed") throw new Refused("unreachable", message.reason || "the hub cannot be reached");
      if (message.type === type) return message;
    }
  }

  close() {
    this.socket.close();
  }
}

// The connection of the page: it says hello by the cookie, and comes back whenever it is lost.
// `on` has: status(status), message(message), turnedAway(sentence).
export class Connection {
  constructor(replica, on) {
    this.replica = replica;
    this.on = on;
    this.asked = new Map();
    this.pushed = new Map();
    this.welcome = null;
    this.lastId = 0;
    this.failures = 0;
    this.ended = false;
    this.again = () => this.socket === null && this.open();
    addEventListener("online", this.again);
    this.open();
  }

  open() {
    clearTimeout(this.timer);
    this.last = null;
    this.on.status({ name: "connecting", failures: this.failures });
    const socket = (this.socket = new WebSocket(address(), SUBPROTOCOL));
    socket.onopen = () => this.say({ type: "hello", replica: this.replica, token: "", client: "dashboard" });
    socket.onmessage = ({ data }) => this.came(parse(data));
    socket.onclose = (event) => this.lost(event);
  }

  say(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  // Asks something that has an id; resolves with what `take` makes of the answers, once it gives something.
  ask(message, take = (answer) => answer) {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject, take, profile: message.profile });
      if (this.socket?.readyState !== WebSocket.OPEN) this.fail(id, new Refused("offline", "the hub cannot be reached"));
      this.say({ ...message, id });
    });
  }

  // Offers proposals; resolves with the answers, once all of that is durable. One push of a profile at a time.
  push(profile, proposals) {
    return new Promise((resolve, reject) => {
      this.pushed.set(profile, { resolve, reject });
      if (this.socket?.readyState !== WebSocket.OPEN) this.notPushed(profile, new Refused("offline", "the hub cannot be reached"));
      this.say({ type: "push", profile, proposals });
    });
  }

  notPushed(profile, error) {
    this.pushed.get(profile)?.reject(error);
    this.pushed.delete(profile);
  }

  async order(order) {
    const reply = await this.ask({ type: "ask", order });
    if (reply.code) throw new Refused(reply.code, reply.sentence);
    return reply;
  }

  fail(id, error) {
    this.asked.get(id)?.reject(error);
    this.asked.delete(id);
  }

  came(message) {
    if (message.type === "welcome") {
      this.failures = 0;
      this.welcome = message;
      this.on.status({ name: "open" });
    }
    if (message.type === "results") {
      this.pushed.get(message.profile)?.resolve(message.answers);
      this.pushed.delete(message.profile);
      return;
    }
    if (message.type === "error") {
      this.last = message;
      if (message.profile) this.notPushed(message.profile, new Refused(message.code, message.sentence));
      for (const [id, { profile }] of [...this.asked]) {
        if (profile !== undefined && profile === (message.profile ?? "")) this.fail(id, new Refused(message.code, message.sentence));
      }
    }
    const asked = "id" in message ? this.asked.get(message.id) : undefined;
    if (asked && ANSWERS.includes(message.type)) {
      const taken = asked.take(message);
      if (taken !== undefined) {
        this.asked.delete(message.id);
        asked.resolve(taken);
      }
      return;
    }
    this.on.message(message);
  }

  lost({ code, reason }) {
    this.socket = null;
    const gone = new Refused("offline", "the connection was lost");
    for (const id of [...this.asked.keys()]) this.fail(id, gone);
    for (const profile of [...this.pushed.keys()]) this.notPushed(profile, gone);
    if (this.ended) return;
    if (code === UNAUTHORISED) {
      this.end();
      this.on.turnedAway(this.last?.sentence || reason);
      return;
    }
    // Full jitter: all who lost the hub at once do not come back at once.
    const most = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.failures++);
    const wait = this.failures === 1 ? Math.random() * FIRST_WAIT : Math.random() * most + 100;
    this.timer = setTimeout(() => this.open(), wait);
    this.on.status({ name: "waiting", failures: this.failures, until: Date.now() + wait });
  }

  end() {
    this.ended = true;
    clearTimeout(this.timer);
    removeEventListener("online", this.again);
    this.socket?.close();
  }
}
