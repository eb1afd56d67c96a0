// The log as a view reads it: newest first, page by page, those commits that are asked for.
import { app } from "./app.js";

const PAGE = 50, MOST = 2_000; // commits asked for at once, and kept on the page

export class Reading {
  // `filters` are those of `read_log`; `told` is called when there is more to show.
  constructor(profile, filters, told) {
    Object.assign(this, { profile, filters, told });
    this.sifts = Object.keys(filters).length > 0;
    this.entries = [];
    this.top = 0; // the seq up to which all was read
    this.below = null; // the seq below which nothing was read; 0 once all is
    this.busy = false;
    this.error = "";
  }

  get over() {
    return this.below === 0 || this.full;
  }

  get full() {
    return this.entries.length >= MOST;
  }

  // Reads what is new up to `head`; from the beginning where that is more than a page.
  newer(head) {
    const gap = head - this.top;
    if (gap <= 0) return;
    if (this.below === null || gap > PAGE) {
      this.read({ before: head + 1, most: PAGE }, ({ entries, upto }) => {
        Object.assign(this, { entries, top: head });
        this.reached(upto);
      });
    } else {
      this.read({ before: head + 1, most: gap }, ({ entries }) => {
        this.entries = [...entries.filter((e) => e.seq > this.top), ...this.entries];
        if (this.entries.length > MOST) {
          this.entries = this.entries.slice(0, MOST);
          this.below = this.entries.at(-1).seq;
        }
        this.top = head;
      });
    }
  }

  older() {
    if (this.below === null || this.over || this.error) return;
    this.read({ before: this.below, most: PAGE }, ({ entries, upto }) => {
      this.entries = [...this.entries, ...entries];
      this.reached(upto);
    });
  }

  again() {
    this.error = "";
    this.told();
  }

  reached(upto) {
    const last = this.entries.at(-1)?.seq ?? 0;
    this.below = this.sifts ? upto : last > 1 ? last : 0;
  }

  async read(question, take) {
    if (this.busy || !app.connection) return;
    this.busy = true;
    try {
      const asked = { type: "read_log", profile: this.profile, ...this.filters, ...question };
      const { entries = [], upto = 0 } = await app.connection.ask(asked);
      app.commits.add(entries);
      take({ entries, upto });
    } catch (error) {
      this.error = error.message;
    } finally {
      this.busy = false;
      this.told();
    }
  }
}
