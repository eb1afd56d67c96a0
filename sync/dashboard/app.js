// The dashboard: one page, whose views are chosen by the address.
import { html, render, useEffect, useState } from "./lib/html.js";
import { onChange } from "./lib/app.js";
import { start } from "./lib/coming.js";
import { Shell } from "./views/shell.js";

function Root() {
  const [, tell] = useState(0);
  useEffect(() => {
    onChange(() => tell((n) => n + 1));
    start();
  }, []);
  return html`<${Shell} />`;
}

const root = document.getElementById("app");
root.textContent = "";
render(html`<${Root} />`, root);
