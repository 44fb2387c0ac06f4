// The same for a shell: what to type to see one cluster, and the budgets for its window.

import { armId } from "./fleet.mjs";

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export function commandsFor(cluster) {
  const path = ["clusters", cluster.subscription, cluster.group, cluster.name].map(encodeURIComponent).join("/");
  const base = location.href.replace(/\/fleet[#?]?.*$/, "");
  return {
    curl: `curl -H "x-functions-key: $KEY" ${quoted(`${base}/${path}`)}`,
    naptime: `naptime show ${quoted(armId(cluster))}`,
    az: `az aks maintenanceconfiguration show --name aksManagedNodeOSUpgradeSchedule \\\n  --subscription ${quoted(cluster.subscription)} --resource-group ${quoted(cluster.group)} --cluster-name ${quoted(cluster.name)}`,
  };
}

export function budgetsFor(window) {
  const blocks = window.blocks.flatMap(([schedule, duration]) => [
    '    - nodes: "0"', '      reasons: ["Drifted"]', `      schedule: "${schedule}"`, `      duration: "${duration}"`]);
  return ["spec:", "  disruption:", "    budgets:", '    - nodes: "10%"', ...blocks].join("\n");
}
