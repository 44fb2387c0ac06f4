// What opens next: one line for each rule and each time that its windows are open together.

import { counted, el, fragment, inOrder, number, section } from "./dom.mjs";
import { groupedBy } from "./fleet.mjs";
import { segments, stretches } from "./open.mjs";
import { fromNow, now, span, timeOf, when } from "./times.mjs";

const SHOWN = 8;
const AHEAD = 8 * 24 * 3_600_000;

export function next(fleet, place, go) {
  const found = openings(fleet);
  const shown = place.query.all === "1" ? found : found.slice(0, SHOWN);
  return section("next", "What opens next",
    shown.length ? el("ol", { class: "next" }, shown.map(opening)) : el("p", { class: "quiet" }, "No window opens in the week to come."),
    found.length > shown.length
      ? el("button", { type: "button", class: "more", onclick: () => go("next", { ...place.query, all: "1" }) },
        `Show ${number(found.length - shown.length)} more`)
      : null);
}

function openings(fleet) {
  const at = now();
  const found = [...groupedBy(fleet.clusters, (cluster) => cluster.rule)].flatMap(([rule, clusters]) =>
    stretches(segments(clusters, at - AHEAD, at + AHEAD)).filter((run) => run.end > at).map((run) => ({ ...run, rule })));
  return found.sort((one, other) => one.start - other.start || one.end - other.end || inOrder(one.rule, other.rule));
}

function opening(run) {
  const isOpen = run.start <= now();
  const to = fragment("clusters", { rule: run.rule, from: new Date(run.start).toISOString(), to: new Date(run.end).toISOString() });
  return el("li", { class: isOpen ? "is-open" : "" },
    el("span", { class: "wait" }, isOpen ? `${span(run.end - now())} left` : fromNow(run.start)),
    el("span", { class: "at" }, `${when(run.start)} – ${timeOf(run.end)}`),
    el("a", { href: to }, run.rule),
    el("span", { class: "rules" }, `${counted(run.most, "cluster")} at once`));
}
