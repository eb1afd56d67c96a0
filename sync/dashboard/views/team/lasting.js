// How long a code or a token is good.
import { html } from "../../lib/html.js";
import { many } from "../../lib/words.js";
import { Field } from "./dialog.js";

const DAY = 864e5; // milliseconds

export const Lasting = ({ label, days, chosen, never }) => html`<${Field} label=${label}><select name="days">
  ${days.map((n) => html`<option key=${n} value=${n} selected=${n === chosen}>${many(n, "day")}</option>`)}
  ${never && html`<option value="">no end</option>`}
</select><//>`;

// In milliseconds, as orders have it; null for ever.
export const lifetime = (fields) => (fields.get("days") ? Number(fields.get("days")) * DAY : null);
