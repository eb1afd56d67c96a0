// What `benchmarks/dashboard.py` asks of the page: milliseconds from an event to what it leads to, laid out.
window.measured = (() => {
  const rows = () => document.querySelectorAll("[role=row]").length;
  const laidOut = () => document.querySelector("#main")?.getBoundingClientRect();

  // Resolves once `so` holds, looked at whenever the document changes.
  const until = (so) =>
    new Promise((done) => {
      if (so()) return done();
      const observer = new MutationObserver(() => so() && (observer.disconnect(), done()));
      observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
    });

  const firstRows = until(() => rows() > 20).then(() => (laidOut(), performance.now()));

  // Until the page has said what it does with the letter: with the next task, all that it does at once is done.
  async function typed(text) {
    const input = document.getElementById("search");
    const begun = performance.now();
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((done) => { const { port1, port2 } = new MessageChannel(); port1.onmessage = done; port2.postMessage(0); });
    laidOut();
    const took = performance.now() - begun;
    await new Promise(requestAnimationFrame);
    return took;
  }

  // Goes to a moment by the address, as a link does, and waits until the page shows it.
  async function moment(seq) {
    const begun = performance.now();
    history.pushState(null, "", seq === null ? location.pathname : `${location.pathname}?at=${seq}`);
    dispatchEvent(new PopStateEvent("popstate"));
    const shown = () => !document.querySelector("#main [aria-busy=true]") && rows() > 20 &&
      (seq === null) === !document.querySelector("main.then");
    await new Promise(requestAnimationFrame);
    await until(shown);
    laidOut();
    return performance.now() - begun;
  }

  const self = { firstRows, typed, moment, seen: null };
  self.awaits = (text) => {
    self.seen = until(() => document.getElementById("main").textContent.includes(text)).then(() => Date.now());
  };
  // Until nothing has changed for half a second.
  self.quiet = () =>
    new Promise((done) => {
      let timer = setTimeout(done, 500);
      new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(done, 500); }).observe(document, { subtree: true, childList: true, characterData: true });
    });
  return self;
})();
