// What a person should know: findings by reason with their advice, and starts that are crowded.

import { counted, el, fragment, head, number, section, table } from "./dom.mjs";
import { idOf } from "./fleet.mjs";
import { when } from "./times.mjs";

const NAMED = 8;

export function findings(fleet, place) {
  const found = byReason(fleet);
  return section("findings", "Findings",
    found.length
      ? found.map(([reason, clusters]) => finding(reason, clusters, place.query.reason === reason.code))
      : el("p", { class: "quiet" }, "Nothing is wrong with any window."));
}

// What needs a person first, then what naptime failed at; a schedule that is in order is no finding.
function byReason(fleet) {
  const groups = new Map();
  for (const cluster of fleet.clusters) {
    for (const code of reasonsOf(cluster)) {
      if (!groups.has(code)) groups.set(code, []);
      groups.get(code).push(cluster);
    }
  }
  const reasons = new Map(fleet.reasons.map((reason) => [reason.code, reason]));
  return [...groups].map(([code, clusters]) => [reasons.get(code), clusters])
    .filter(([reason, clusters]) => reason.needsAPerson || clusters.some((cluster) => isTrouble(cluster, reason.code)))
    .sort((one, other) => other[0].needsAPerson - one[0].needsAPerson || other[1].length - one[1].length);
}

function reasonsOf(cluster) {
  return new Set(isTrouble(cluster, cluster.reason) ? [...cluster.findings, cluster.reason] : cluster.findings);
}

function isTrouble(cluster, code) {
  return code === cluster.reason && ["Failed", "Deferred"].includes(cluster.outcome);
}

function finding(reason, clusters, isOpen) {
  const shown = clusters.slice(0, NAMED);
  return el("details", { class: reason.needsAPerson ? "finding warn" : "finding", open: isOpen, "data-reason": reason.code },
    el("summary", {}, el("strong", {}, reason.code), " ", el("span", { class: "count" }, counted(clusters.length, "cluster")),
      el("span", { class: "meaning" }, ticked(reason.meaning))),
    el("p", {}, el("b", {}, "What to do: "), ticked(reason.advice)),
    el("p", { class: "names" },
      shown.map((cluster) => [el("a", { href: fragment("cluster", { id: idOf(cluster) }) }, cluster.name), " "]).flat(),
      el("a", { class: "all", href: fragment("clusters", { reason: reason.code }) }, `all ${number(clusters.length)}`)));
}

// The texts of reasons are Markdown, of which they have code alone.
export function ticked(text) {
  return text.split("`").map((part, index) => (index % 2 ? el("code", {}, part) : part));
}

export function crowds(fleet) {
  if (!fleet.crowds.length) return section("crowds", "Crowded starts", el("p", { class: "quiet" }, "No start is shared by more than 20 clusters of a subscription and location."));
  const heads = ["Start", "Clusters", "Location", "Subscription"].map((text) => head(text));
  return section("crowds", "Crowded starts", table("Starts that many clusters share", heads, fleet.crowds.map(crowd)),
    el("p", { class: "quiet" }, "More than 20 clusters of one subscription and location at one start: AKS advises to stagger them."));
}

function crowd(each) {
  const to = fragment("clusters", { crowd: `${each.subscription} ${each.location} ${each.start}` });
  return el("tr", {},
    el("th", { scope: "row" }, el("a", { href: to }, when(each.start))),
    el("td", {}, number(each.clusters)),
    el("td", {}, each.location),
    el("td", { class: "id" }, each.subscription));
}
