// What waits for somebody's approval: the plan of a run, field by field and cluster by cluster.

import { approvalOf, copyable } from "./commands.mjs";
import { counted, el, fragment, head, inOrder, most, number, section, table } from "./dom.mjs";
import { groupedBy, idOf } from "./fleet.mjs";
import { fromNow, when } from "./times.mjs";

const SHOWN = 100;
const KINDS_SHOWN = 12;
const VALUES_SHOWN = 3;

export function approvals(fleet, place, go) {
  const [current, overtaken] = [isCurrent, (run) => !isCurrent(run)].map((test) => fleet.waiting.filter(test));
  return el("article", { id: "approvals", "aria-labelledby": "approvals-title" },
    el("div", { class: "title" },
      el("h2", { id: "approvals-title", tabindex: "-1" }, "Waiting for approval"),
      el("p", {}, current.length
        ? "A run that would change more schedules than the policy lets it change by itself changes none of them until somebody approves its plan."
        : "Nothing waits for an approval.")),
    current.map((run) => waiting(run, place, go)),
    overtaken.length ? older(overtaken) : null);
}

export function isCurrent(run) {
  return !run.isOvertaken;
}

// How many schedules would change, over the plans that are not overtaken.
export function changesOf(fleet) {
  return fleet.waiting.filter(isCurrent).reduce((sum, run) => sum + run.updates, 0);
}

export function changeText({ path, from, to }) {
  return `${path.split(".").at(-1)} ${from || "nothing"} → ${to || "nothing"}`;
}

function waiting(run, place, go) {
  const planned = run.planned().sort((one, other) => inOrder(one.cluster.name, other.cluster.name));
  return section(run.run, counted(run.updates, "schedule would change", "schedules would change"),
    el("p", {}, `Found ${when(run.ended)} (${fromNow(run.ended)}) by the run over ${scopeOf(run)}, among ${counted(run.owned, "schedule")} of naptime's own; `
      + `${run.atMost === 1 ? "one may" : `${number(run.atMost)} may`} change without an approval.`),
    planned.length ? [kinds(planned, run), approve(run), which(planned, run, place, go)] : [approve(run), unnamed(run)]);
}

function scopeOf(run) {
  const where = run.locations.length ? ` in ${run.locations.join(", ")}` : "";
  return (run.scope || (where ? "all subscriptions" : "everything")) + where;
}

// What each field becomes, from what, and of how many clusters.
function kinds(planned, run) {
  const changes = planned.flatMap((each) => each.changes);
  const found = [...groupedBy(changes, ({ path, to }) => JSON.stringify([path, to])).values()].sort((one, other) => other.length - one.length);
  const rest = found.length - KINDS_SHOWN;
  return el("div", { class: "part" },
    table(`What changes by the run ${run.run}`, ["Field", "From", "To", "Clusters"].map((text) => head(text)), found.slice(0, KINDS_SHOWN).map(kind), { class: "changes" }),
    rest > 0 ? el("p", { class: "quiet" }, `${counted(rest, "other change")} with fewer clusters; all are in the list below.`) : null);
}

function kind(changes) {
  return el("tr", {},
    el("th", { scope: "row" }, el("code", {}, changes[0].path.split(".").flatMap((part, index) => (index ? [el("wbr"), `.${part}`] : part)))),
    el("td", {}, fromText(changes)),
    el("td", {}, changes[0].to || "nothing"),
    el("td", {}, number(changes.length)));
}

function fromText(changes) {
  const values = [...groupedBy(changes, ({ from }) => from || "nothing")].sort(([, one], [, other]) => other.length - one.length).map(([value]) => value);
  const rest = values.length - VALUES_SHOWN;
  return values.slice(0, VALUES_SHOWN).join(", ") + (rest > 0 ? ` and ${counted(rest, "other")}` : "");
}

function approve(run) {
  return el("div", { class: "part" },
    Object.entries(approvalOf(run)).map(([name, text]) => copyable(name, text)),
    el("p", { class: "quiet" }, "Exactly this plan is carried out, once. What has changed since is left out, and no window is changed while it is open."));
}

function which(planned, run, place, go) {
  const shown = most(place.query, SHOWN);
  const rest = planned.length - shown;
  return el("div", { class: "part" },
    table(`Clusters of the run ${run.run}`, [["Cluster", "name"], ["Rule", "rule"], ["Window now", "window"], ["Changes", "what"]].map(([text, kind]) => head(text, { class: kind })), planned.slice(0, shown).map(row), { class: "plan" }),
    rest > 0 ? el("button", { type: "button", class: "more", onclick: () => go("approvals", { ...place.query, most: shown + 5 * SHOWN }) }, `Show more: ${number(rest)} are left`) : null,
    run.unknown ? el("p", { class: "quiet" }, `${counted(run.unknown, "cluster")} more that naptime does not know any more.`) : null);
}

function row({ cluster, changes }) {
  return el("tr", {},
    el("th", { scope: "row", class: "name" }, el("a", { href: fragment("cluster", { id: idOf(cluster) }) }, cluster.name), el("small", {}, cluster.group)),
    el("td", { class: "rule" }, cluster.rule),
    el("td", { class: "window" }, cluster.window?.words ?? "–"),
    el("td", { class: "what" }, changes.map((change) => el("div", {}, changeText(change)))));
}

function unnamed(run) {
  return el("p", { class: "quiet" }, "Its clusters are named by ", el("code", {}, `GET /api/runs/${run.run}?reason=Outdated`), ".");
}

function older(overtaken) {
  return section("overtaken", "Overtaken",
    el("p", { class: "quiet" }, "A later run has looked at the same clusters and planned anew, so nobody need approve these."),
    el("ul", { class: "plain" }, overtaken.map((run) => el("li", {}, el("code", {}, run.run), ` ${when(run.ended)}, ${counted(run.updates, "schedule")}`))));
}
