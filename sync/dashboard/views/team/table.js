// A table that scrolls by itself where the window is narrower.
import { html } from "../../lib/html.js";

// `acts`: whether each row ends in what can be done with it. Its box takes the focus, so that keys scroll it.
export const Table = ({ label, titles, acts, kind, children }) => html`<div class="wide-table" role="group" aria-label=${label} tabindex="0">
  <table class=${kind}><thead><tr>
    ${titles.map((title) => html`<th scope="col">${title}</th>`)}${acts && html`<th scope="col"><span class="hidden">Actions</span></th>`}</tr></thead>
    <tbody>${children}</tbody></table></div>`;
