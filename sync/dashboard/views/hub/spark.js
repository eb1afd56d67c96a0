// A small line over the last minute, drawn by us; what it says stands in words beside it.
import { html } from "../../lib/html.js";
import { SPAN } from "../../lib/inspect.js";

const WIDTH = 160, HEIGHT = 32;

// `points`: [{ time, value }], oldest first; the right end is `until`.
export function Spark({ points, until }) {
  const most = Math.max(...points.map((p) => p.value), 1e-9);
  const at = ({ time, value }) =>
    `${(WIDTH - ((until - time) / SPAN) * WIDTH).toFixed(1)} ${(HEIGHT - 1 - (value / most) * (HEIGHT - 3)).toFixed(1)}`;
  const line = points.map(at).join("L");
  const left = points.length ? at({ time: points[0].time, value: 0 }).split(" ")[0] : WIDTH;
  return html`<svg class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true" focusable="false">
    <path class="spark-ground" d="M0 ${HEIGHT - 0.5}H${WIDTH}" />
    ${points.length > 1 && html`<path class="spark-area" d=${`M${left} ${HEIGHT}L${line}L${WIDTH} ${HEIGHT}Z`} />
      <path class="spark-line" d=${`M${line}`} />`}
  </svg>`;
}
