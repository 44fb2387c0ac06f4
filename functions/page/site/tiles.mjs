// The figures on top: each is a question that an operator has, and leads to its clusters.

import { changesOf } from "./approvals.mjs";
import { counted, el, fragment, number } from "./dom.mjs";
import { isUnprotected } from "./fleet.mjs";
import { mostOpen, whole } from "./open.mjs";
import { fromNow, midnights, when } from "./times.mjs";

export function tiles(fleet) {
  const made = [unprotected, needy, toApprove, mostAtOnce, oldestImage, lastRun].map((make) => make(fleet));
  return el("ul", { class: "tiles", "aria-label": "The fleet in figures" },
    made.map((tile) => el("li", {}, tile)));
}

function tile(id, label, value, note, to, kind = "") {
  return el(to ? "a" : "div", { class: `tile ${kind}`, href: to, "data-tile": id },
    el("span", { class: "label" }, label),
    el("strong", {}, value),
    el("span", { class: "note" }, note));
}

function unprotected(fleet) {
  if (!fleet.clusters.length) return tile("unprotected", "Unprotected", "–", "no cluster has been seen yet");
  const count = fleet.clusters.filter(isUnprotected).length;
  const note = count ? "images come at any hour" : `all ${number(fleet.clusters.length)} have a window`;
  return tile("unprotected", "Unprotected", number(count), note,
    fragment("clusters", { show: "unprotected" }), count ? "bad" : "good");
}

function needy(fleet) {
  const count = fleet.clusters.filter((cluster) => cluster.needsAPerson).length;
  return tile("attention", "Needs a person", number(count), count ? "findings to look at" : "nothing to look at",
    fragment("clusters", { show: "attention" }), count ? "warn" : "");
}

function toApprove(fleet) {
  const changes = changesOf(fleet);
  const overtaken = fleet.waiting.length ? "older plans are overtaken" : "no plan is held back";
  return tile("approval", "Waiting for approval", number(changes), changes ? (changes === 1 ? "schedule would change" : "schedules would change") : overtaken,
    fleet.waiting.length ? fragment("approvals") : undefined, changes ? "warn" : "");
}

function mostAtOnce(fleet) {
  const days = midnights();
  const most = mostOpen(whole(fleet, days[0], days.at(-1)));
  const note = most.start === null ? "no window opens this week" : when(most.start);
  const to = most.start === null ? undefined : fragment("clusters", { open: new Date(most.start).toISOString() });
  return tile("most", "Most open at once", number(most.open), note, to);
}

function oldestImage(fleet) {
  const known = fleet.clusters.filter((cluster) => cluster.image?.days !== null && cluster.image?.version);
  if (!known.length) return tile("oldest", "Oldest node image", "–", "ages are not read");
  const oldest = known.reduce((one, other) => (other.image.days > one.image.days ? other : one));
  const is = oldest.image.days > 90 ? "bad" : "";
  return tile("oldest", "Oldest node image", counted(oldest.image.days, "day"), oldest.image.version,
    fragment("clusters", { sort: "image", down: "1" }), is);
}

function lastRun(fleet) {
  const run = fleet.lastFullRun;
  if (!run) return tile("run", "Last full run", "none yet", "the fleet is swept every six hours");
  const seen = run.clusters === null ? "" : counted(run.clusters, "cluster");
  return tile("run", "Last full run", fromNow(Date.parse(run.finishedAt)), seen);
}
