// The matrix of a profile: stacks down, component types across.
import { html } from "../lib/html.js";
import { app } from "../lib/app.js";
import { to } from "../lib/going.js";
import { spaced } from "../lib/words.js";
import { New, mayWrite } from "./actions.js";
import { Search, freshness, useFilters } from "./filters.js";
import { Grid } from "./grid.js";
import { FlavorIcon } from "./icons.js";
import { Command, Empty, Labels, Link, Marks, Shown, Who } from "./parts.js";

export function Overview({ world }) {
  const { index } = world;
  const { found, controls } = useFilters(world, index.stacks);
  const columns = [
    { key: "stack", title: "Stack", rem: 16, grow: 1.6, cell: StackName },
    ...index.types.map((type) => ({
      key: type, title: spaced(type), rem: 8.5, cell: (row, tab) => html`<${Members} of=${row.members.get(type)} tab=${tab} />`,
    })),
    { key: "last", title: "Last change", rem: 9, cell: (row) => html`<${Who} stamp=${row.last} />` },
  ];
  return html`<section class="view view-grid">
    <header class="view-head">
      <h1 tabindex="-1">${index.profile?.name ?? app.route.profile}</h1>
      <${Shown} some=${found.length} all=${index.stacks.length} one="stack" />
      <${Search} label="Search stacks" />
      ${controls}
      <${New} what="stack" />
      ${mayWrite() && html`<${Link} class="quiet" to=${to("settings")}>Settings<//>`}
    </header>
    ${index.profile?.description && html`<p class="lead">${index.profile.description}</p>`}
    ${!index.stacks.length
      ? html`<${Empty} title="No stacks yet"><p>${mayWrite() ? "Register the first one here, or from a command line:" : "Somebody who may write registers the first one:"}</p>
          <${Command}>stackroom stack register NAME --orchestrator NAME --artifact-store NAME<//><//>`
      : !found.length
        ? html`<${Empty} title="No stack is like that"><p>None of ${index.stacks.length} has all that is asked for.</p><//>`
        : html`<${Grid} fresh=${freshness(index)} label="Stacks by component type" columns=${columns} rows=${found} />`}
  </section>`;
}

const StackName = (row, tab) => html`<${Link} class="name" to=${to("stacks", row.name)} tabindex=${tab}>${row.name}<//>
  <${Marks} ...${row} /><${Labels} of=${row.entity.labels} />`;

const Members = ({ of = [], tab }) =>
  of.map(({ id, entity }, i) => html`<${Link} key=${id} class="member" tabindex=${i ? -1 : tab}
      to=${to("components", entity.component_type, entity.name)} title=${entity.flavor} aria-label=${`${entity.name}, ${entity.flavor}`}>
    <${FlavorIcon} flavor=${entity.flavor} type=${entity.component_type} /><span>${entity.name}</span>${entity.protected && html`<${Marks} entity=${entity} />`}<//>`);
