// A table of any length, of which only what is in view is there: its rows stay, and say something else.
// Arrow keys go through its links.
import { html, useLayoutEffect, useRef, useState } from "../lib/html.js";

const ROW = 36, BEYOND = 5; // pixels; rows above and below what is in view

// `columns`: [{ key, title, rem, grow, cell(row) }], the first one being the row's heading; `rem` is its least width.
// While `fresh` is the same, and given at all, a row says what it said.
export function Grid({ label, columns, rows, fresh = {} }) {
  const box = useRef(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(800);
  const said = useRef({ fresh: null, rows: new Map() });
  const [cursor, setCursor] = useState({ row: 0, column: 0, focus: false });

  useLayoutEffect(() => {
    const sized = new ResizeObserver(() => setHeight(box.current.clientHeight));
    sized.observe(box.current);
    return () => sized.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (!cursor.focus) return;
    box.current.querySelector(`[data-cell="${cursor.row}:${cursor.column}"] a`)?.focus({ preventScroll: true });
  }, [cursor, top]);
  // A list that became shorter cannot be scrolled beyond its end.
  const lowest = Math.max(0, (rows.length + 1) * ROW - height);
  const first = Math.max(0, Math.floor(Math.min(top, lowest) / ROW) - BEYOND);
  const last = Math.min(rows.length, first + Math.ceil(height / ROW) + 2 * BEYOND);

  function move(event) {
    const steps = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1],
      PageDown: [Math.floor(height / ROW) - 2, 0], PageUp: [2 - Math.floor(height / ROW), 0],
      Home: [-rows.length, 0], End: [rows.length, 0] }[event.key];
    if (!steps || event.ctrlKey || event.metaKey || event.altKey || !rows.length) return;
    event.preventDefault();
    const row = clamp(cursor.row + steps[0], rows.length);
    const has = (column) => {
      const cell = box.current.querySelector(`[data-cell="${row}:${column}"]`);
      return !cell || cell.querySelector("a");
    };
    let column = clamp(cursor.column + steps[1], columns.length);
    while (steps[1] && !has(column) && columns[column + steps[1]]) column += steps[1];
    if (!has(column)) column = steps[1] ? cursor.column : 0;
    setCursor({ row, column, focus: true });
    const at = row * ROW, view = box.current.scrollTop;
    if (at < view) box.current.scrollTop = at;
    else if (at + 2 * ROW > view + height) box.current.scrollTop = at + 2 * ROW - height;
  }

  const tracks = columns.map((c) => `minmax(${c.rem}rem, ${c.grow ?? 1}fr)`).join(" ");
  const width = `max(100%, ${columns.reduce((sum, c) => sum + c.rem, 0)}rem)`;
  const shown = rows.slice(first, last);
  if (said.current.fresh !== fresh) said.current = { fresh, rows: new Map() };
  const before = said.current.rows;
  const now = (said.current.rows = new Map());

  // The very element of before where the row says what it said: then nothing below it is looked at.
  function rowAt(at, row) {
    const tab = at === clamp(cursor.row, rows.length) ? cursor.column : -1;
    const known = before.get(at);
    const same = known?.row === row && known.tab === tab;
    now.set(at, same ? known : { row, tab, element: html`<div class="grid-row" role="row" key=${at} aria-rowindex=${at + 2}
        style=${{ gridTemplateColumns: tracks, width: "100%", transform: `translateY(${at * ROW}px)` }}>
      ${columns.map((c, n) => html`<div class="cell" key=${c.key} role=${n ? "gridcell" : "rowheader"}
          data-cell=${`${at}:${n}`} onFocusIn=${() => setCursor({ row: at, column: n, focus: false })}>
        ${c.cell(row, n === tab ? 0 : -1)}
      </div>`)}
    </div>` });
    return now.get(at).element;
  }
  return html`<div class="grid" role="grid" aria-label=${label} aria-rowcount=${rows.length + 1}
      aria-colcount=${columns.length} ref=${box} onScroll=${(e) => setTop(e.currentTarget.scrollTop)} onKeyDown=${move}>
    <div class="grid-row grid-head" role="row" aria-rowindex="1" style=${{ gridTemplateColumns: tracks, width }}>
      ${columns.map((c) => html`<div role="columnheader" key=${c.key} class="cell">${c.title}</div>`)}
    </div>
    <div class="grid-rows" role="rowgroup" style=${{ height: `${rows.length * ROW}px`, width }}>
      ${shown.map((row, i) => rowAt(first + i, row))}
    </div>
  </div>`;
}

const clamp = (n, length) => Math.max(0, Math.min(n, length - 1));
