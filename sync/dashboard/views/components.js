// All components of a profile.
import { html } from "../lib/html.js";
import { to } from "../lib/going.js";
import { many, spaced } from "../lib/words.js";
import { New } from "./actions.js";
import { Search, freshness, useFilters } from "./filters.js";
import { Grid } from "./grid.js";
import { FlavorIcon } from "./icons.js";
import { Command, Empty, Labels, Link, Marks, Shown, Who } from "./parts.js";

export function Components({ world }) {
  const { index } = world;
  const { found, controls } = useFilters(world, index.components);
  const uses = (row) => index.uses.get(row.id)?.length ?? 0;
  const columns = [
    { key: "name", title: "Component", rem: 12, grow: 1.6, cell: (row, tab) => html`
      <${Link} class="member name" tabindex=${tab} to=${to("components", row.entity.component_type, row.name)}>
        <${FlavorIcon} flavor=${row.entity.flavor} type=${row.entity.component_type} /><span>${row.name}</span><//>
      <${Marks} entity=${row.entity} />` },
    { key: "type", title: "Type", rem: 9, cell: (row) => spaced(row.entity.component_type) },
    { key: "flavor", title: "Flavor", rem: 8, cell: (row) => row.entity.flavor },
    { key: "uses", title: "Used in", rem: 6, grow: .7, cell: (row) => uses(row) ? many(uses(row), "stack") : html`<span class="none">no stack</span>` },
    { key: "labels", title: "Labels", rem: 8, cell: (row) => html`<${Labels} of=${row.entity.labels} />` },
    { key: "last", title: "Last change", rem: 9, cell: (row) => html`<${Who} stamp=${row.last} />` },
  ];
  return html`<section class="view view-grid">
    <header class="view-head">
      <h1 tabindex="-1">Components</h1>
      <${Shown} some=${found.length} all=${index.components.length} one="component" />
      <${Search} label="Search components" />
      ${controls}
      <${New} what="component" />
    </header>
    ${!index.components.length
      ? html`<${Empty} title="No components yet"><${Command}>stackroom orchestrator register NAME --flavor local<//><//>`
      : !found.length
        ? html`<${Empty} title="No component is like that"><p>None of ${index.components.length} has all that is asked for.</p><//>`
        : html`<${Grid} fresh=${freshness(index)} label="Components" columns=${columns} rows=${found} />`}
  </section>`;
}
