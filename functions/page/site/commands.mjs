// The same for a shell: what to type to see one cluster, the budgets for its window, an approval.

import { base } from "./ask.mjs";
import { el } from "./dom.mjs";
import { armId } from "./fleet.mjs";

const KEY = 'curl -H "x-functions-key: $KEY"';

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export function commandsFor(cluster) {
  const path = ["clusters", cluster.subscription, cluster.group, cluster.name].map(encodeURIComponent).join("/");
  return {
    curl: `${KEY} ${quoted(`${base()}/${path}`)}`,
    naptime: `naptime show ${quoted(armId(cluster))}`,
    az: `az aks maintenanceconfiguration show --name aksManagedNodeOSUpgradeSchedule \\\n  --subscription ${quoted(cluster.subscription)} --resource-group ${quoted(cluster.group)} --cluster-name ${quoted(cluster.name)}`,
  };
}

export function budgetsFor(window) {
  const blocks = window.blocks.flatMap(([schedule, duration]) => [
    '    - nodes: "0"', '      reasons: ["Drifted"]', `      schedule: "${schedule}"`, `      duration: "${duration}"`]);
  return ["spec:", "  disruption:", "    budgets:", '    - nodes: "10%"', ...blocks].join("\n");
}

export function approvalOf(run) {
  return {
    naptime: `naptime approve ${run.run}`,
    curl: `${KEY} --json ${quoted(JSON.stringify({ planHash: run.planHash }))} \\\n  ${quoted(`${base()}/runs/${run.run}/approve`)}`,
  };
}

export function replayOf(cluster) {
  return `${KEY} --json ${quoted(JSON.stringify({ clusterId: armId(cluster) }))} \\\n  ${quoted(`${base()}/given-up/replay`)}`;
}

export function copyable(name, text) {
  const done = el("button", { type: "button", "aria-label": `Copy ${name}`, onclick: () => copy(text, done) }, "Copy");
  return el("div", { class: "copyable" }, el("b", {}, name), el("pre", {}, text), done);
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch (error) {
    button.textContent = "Select it";
  }
}
