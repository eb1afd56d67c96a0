// Views whose scripts are fetched when somebody goes there, so that the first view waits for none of them.
import { html, useEffect, useState } from "../lib/html.js";
import { app } from "../lib/app.js";
import { Problem, Waiting } from "./parts.js";

export const later = (fetched, name) =>
  function Later(props) {
    const [state, setState] = useState({ tries: 0 });
    const { View, error, tries } = state;
    useEffect(() => {
      let over = false;
      fetched().then(
        (module) => over || setState({ View: module[name] }),
        (error) => over || setState({ error, tries }),
      );
      return () => (over = true);
    }, [tries]);
    // Whoever listens to the page is told that it is another one, once it is.
    useEffect(() => {
      if (View && app.moved) document.querySelector("#main h1")?.focus();
    }, [View]);
    if (View) return html`<${View} ...${props} />`;
    if (!error) return html`<${Waiting}>Opening<//>`;
    return html`<${Problem}>This view could not be loaded: the hub cannot be reached, or was upgraded.
      <button type="button" class="quiet" onClick=${() => location.reload()}>Reload this page</button><//>`;
  };
