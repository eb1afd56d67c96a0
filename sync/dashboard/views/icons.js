// Icons of our own drawing, on a grid of 16: one for each well-known flavor, one for each type, letters for others.
import { html } from "../lib/html.js";

const LINES = {
  // flavors
  kubernetes: "M8 1.8 13 4.2 14.2 9.6 10.8 14H5.2L1.8 9.6 3 4.2ZM8 5.5V8m0 0 2.6 1.6M8 8l-2.6 1.6",
  docker: "M2 8h12c0 3.5-2.5 5.5-6 5.5S2 11.5 2 8Zm2-3h2.5v3H4Zm2.5 0H9v3H6.5Zm0-3H9v3H6.5Z",
  local: "M3 3.5h10v7H3Zm-1.5 9.5h13",
  s3: "M3 3.5h10L11.7 13.5H4.300ZM3.5 7h9",
  gcp: "M8 2 13.5 5v6L8 14 2.5 11V5Zm0 4a2 2 0 1 1 0 4 2 2 0 0 1 0-4Z",
  azure: "M6.5 2.5 2 12.5h3.5l5-10Zm2.5 3 5 7.5H6",
  aws: "M2.5 10.5c3 2.5 8 2.5 11 0m-1.8-.3 2 .1-.2 2M4 4.5l2 3.5m0 0 2-3.5m0 3.5 2-3.5m0 3.5 2-3.5",
  sagemaker: "M8 2 13.5 8 8 14 2.5 8Zm0 3.5V10.5M5.5 8h5",
  vertex: "M2.5 3 8 13l5.5-10M5.5 3 8 7.5 10.5 3",
  mlflow: "M2.5 11.5c2-8 3.5-8 5.5-3.5s3.5 4.5 5.5-3.5m-2 .5 2-.8.8 2",
  wandb: "M3 3.5v9m3.3-6.5v6.5m3.4-9v9M13 6v6.5",
  huggingface: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11ZM6 6.5v.8m4-.8v.8M5.5 9.5c1 2 4 2 5 0",
  github: "M4.5 3v7m0 0a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3Zm7-7a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3Zm0 3c0 3-3 3.5-6 4",
  airflow: "M8 8c0-4 5-5 5.5-1.5M8 8c4 0 5 5 1.5 5.5M8 8c0 4-5 5-5.5 1.5M8 8c-4 0-5-5-1.5-5.5",
  kubeflow: "M8 2.5 12.5 13H8L3.5 8Zm0 0L3.5 8",
  slack: "M6 2.5v11M10 2.5v11M2.5 6h11M2.5 10h11",
  databricks: "m2.5 5.5 5.5-3 5.5 3L8 8.5ZM2.5 8.5 8 11.5l5.5-3m-11 3 5.5 3 5.5-3",
  // types
  orchestrator: "M8 2v3m0 6v3M2 8h3m6 0h3M8 5.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5Z",
  artifact_store: "M3 4c0-2 10-2 10 0s-10 2-10 0Zm0 0v8c0 2 10 2 10 0V4M3 8c0 2 10 2 10 0",
  container_registry: "M2.5 6 8 3l5.5 3v5L8 14l-5.5-3Zm0 0L8 8.8 13.5 6M8 8.800V14",
  step_operator: "M3 12.5h3V9.5h3.5v-3H13v-3",
  experiment_tracker: "M2.5 13.5h11M3.5 10.5l3-4 2.5 2.5L13 3.5",
  model_deployer: "M8 13V3m0 0L4.5 6.5M8 3l3.5 3.5M3 13.5h10",
  deployer: "M8 11V3m0 0L4.5 6.5M8 3l3.5 3.5M3 10v3.5h10V10",
  feature_store: "M2.5 3h11v10h-11Zm0 3.5h11M6.5 3v10",
  alerter: "M4 11V7.5a4 4 0 1 1 8 0V11l1 1.5H3ZM7 14.5h2",
  annotator: "M3 13l.7-3L10.5 3.200l2.3 2.300L6 12.300Z",
  data_validator: "M2.5 8.5 6 12l7.5-8",
  image_builder: "M2.5 2.5h5v5h-5Zm6 6h5v5h-5Zm0-6h5v5h-5Zm-6 6h5v5h-5Z",
  model_registry: "M3.5 2.5h9v11h-9Zm2.5 0v11m2.5-8h2",
  log_store: "M3 3.5h10M3 6.5h7M3 9.5h10M3 12.5h5",
  secrets_manager: "M5.5 7.5a2.5 2.5 0 1 1 0 1M8 8h5.5m-2 0v2.5",
  metadata_store: "M5.5 3 2.5 8l3 5m5-10 3 5-3 5",
  sandbox: "M2.5 2.5h11v11h-11Zm3 3 2 2.5-2 2.5m4 0h2",
  stack: "M3 4h10M3 8h10M3 12h6",
};
const SAME = {
  spark_kubernetes: "kubernetes", vm_kubernetes: "kubernetes", local_docker: "docker", dockerhub: "docker", kaniko: "docker",
  default: "local", vm_aws: "aws", vm_gcp: "gcp", vm_azure: "azure", azureml: "azure", gcs: "gcp", b2: "s3", minio: "s3",
  gitlab: "github", discord: "slack",
};
const HUES = 8;

function hue(text) {
  let sum = 0;
  for (const c of text) sum = (sum * 31 + c.codePointAt(0)) >>> 0;
  return sum % HUES;
}

// The icon of a component; what it says stands in words beside it.
export function FlavorIcon({ flavor = "", type }) {
  const known = flavor.replaceAll("-", "_");
  const lines = LINES[SAME[known] ?? known] ?? LINES[type];
  return html`<svg class="icon hue-${hue(SAME[known] ?? known)}" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    ${lines
      ? html`<path d=${lines} />`
      : html`<text x="8" y="11.5" text-anchor="middle">${[...flavor].slice(0, 2).join("")}</text>`}
  </svg>`;
}

const MARKS = {
  default: "M8 2.5 9.7 6.200l4 .4-3 2.7.9 4L8 11.200l-3.6 2.1.9-4-3-2.7 4-.4Z",
  protected: "M8 2 13 4v4c0 3-2 5-5 6-3-1-5-3-5-6V4Z",
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9Zm3.3 7.8 3.2 3.2",
  clock: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11ZM8 5v3.300l2.2 1.4",
  copy: "M5.5 5.5h8v8h-8Zm-1 5h-2v-8h8v2",
  download: "M8 2.5V10m0 0L5 7m3 3 3-3M3 13.5h10",
  close: "m4 4 8 8m0-8-8 8",
};

export const Mark = ({ of, title }) =>
  html`<svg class="mark mark-${of}" viewBox="0 0 16 16" role=${title ? "img" : "presentation"} aria-label=${title} aria-hidden=${title ? undefined : "true"}>
    ${title && html`<title>${title}</title>`}<path d=${MARKS[of]} />
  </svg>`;
