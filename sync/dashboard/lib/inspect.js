// How the hub fares, asked again and again while somebody looks: the answers, and a minute of samples.
import { useEffect, useState } from "./html.js";
import { app } from "./app.js";
import { Refused } from "./wire.js";

const EVERY = 2_000; // milliseconds between two questions
export const SPAN = 60_000; // milliseconds of which samples are kept

const NOTHING = { answer: null, samples: [], error: "" };

// { answer, samples, error } of the hub as a whole, or of a profile; `samples` are [time, counters], oldest first.
export function useInspection(profile) {
  const [seen, setSeen] = useState(NOTHING);
  const { connection, status } = app;
  useEffect(() => setSeen(NOTHING), [profile]);
  useEffect(() => {
    if (!connection || status.name !== "open") return undefined;
    let over = false, timer = null;
    const again = () => {
      clearTimeout(timer);
      // Nobody looks at a page that is hidden: it asks when it is seen again.
      if (!over && !document.hidden) ask();
    };
    async function ask() {
      try {
        const answer = await connection.ask({ type: "inspect", profile });
        if (!over) setSeen((before) => ({ answer, samples: sampled(before.samples, answer), error: "" }));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (!over) setSeen((before) => ({ ...before, error: error.code === "offline" ? "" : error.message }));
        if (error.code === "forbidden") return;
      }
      if (!over) timer = setTimeout(again, EVERY);
    }
    again();
    document.addEventListener("visibilitychange", again);
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", again);
    };
  }, [profile, connection, status.name]);
  return seen;
}

function sampled(samples, { time, condition }) {
  if (!condition) return samples;
  const last = samples.at(-1);
  // A hub that was started anew counts from nothing; a clock that went back says nothing of what came between.
  const goesOn = last && last.started === condition.started && last.time < time;
  const kept = goesOn ? samples.filter((s) => time - s.time <= SPAN) : [];
  return [...kept, { time, started: condition.started, counters: condition.counters }];
}

const count = (sample, name) => sample.counters[name] ?? 0;

// What a counter grew by a second: over all samples (`now`, null until there are two), and from each to the next.
export function rate(samples, name) {
  const points = samples.slice(1).map((s, i) => ({
    time: s.time,
    value: ((count(s, name) - count(samples[i], name)) * 1_000) / (s.time - samples[i].time),
  }));
  return { now: growth(samples, name, (first, last) => (last.time - first.time) / 1_000), points };
}

// Milliseconds that one transaction took, on average; null where there was none.
export function latency(samples) {
  const took = (some) => {
    const batches = growth(some, "batches", () => 1);
    return batches ? growth(some, "batch_micros", () => 1_000) / batches : null;
  };
  const points = samples.slice(1).map((s, i) => ({ time: s.time, value: took([samples[i], s]) ?? 0 }));
  return { now: took(samples), points };
}

function growth(samples, name, by) {
  if (samples.length < 2) return null;
  const first = samples[0], last = samples.at(-1);
  return (count(last, name) - count(first, name)) / by(first, last);
}
