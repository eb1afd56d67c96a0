// The people of the hub: a stream as profiles are, followed while somebody looks at them, and may.
import { Commits } from "./commits.js";
import { parse } from "./exact.js";
import { World } from "./world.js";

export class People {
  constructor(changed) {
    this.commits = new Commits(changed);
    this.connection = null;
    this.id = ""; // of the stream; empty where one may not read it
    this.wanted = false;
    this.watching = false;
    this.live = null;
    this.incoming = null;
  }

  // A connection was made anew: what was shown stays until what is now has come.
  came() {
    this.watching = false;
  }

  // What the hub lets one read, by the id of the stream.
  allow(connection, id) {
    if (id !== this.id) this.forget();
    if (id !== this.id || connection !== this.connection) this.commits.clear(connection, id);
    Object.assign(this, { connection, id });
    this.follow();
  }

  want(wanted) {
    this.wanted = wanted;
    this.follow();
  }

  follow() {
    const wanted = this.wanted && this.id !== "";
    if (wanted === this.watching || !this.connection) return;
    this.watching = wanted;
    this.incoming = wanted ? new World() : null;
    this.connection.say({ type: wanted ? "watch" : "unwatch", profile: this.id });
  }

  take({ seq, entities, complete = true }) {
    if (!this.watching) return;
    const target = this.incoming ?? this.live;
    target.take(parse(entities));
    target.seq = seq;
    if (!complete || !this.incoming) return;
    this.live = this.incoming;
    this.incoming = null;
  }

  forget() {
    Object.assign(this, { id: "", watching: false, live: null, incoming: null });
    this.commits.clear(null, "");
  }
}
