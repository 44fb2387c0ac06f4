// The week: one row for each rule, location, subscription or window; the darker, the more are open.

import { choices, counted, el, fragment, inOrder, named, number, section, shape } from "./dom.mjs";
import { groupedBy, isUnprotected } from "./fleet.mjs";
import { mostOpen, segments, stretches, whole } from "./open.mjs";
import { dateOf, HOUR, midnights, now, timeOf, weekdayOf, when, zoneName } from "./times.mjs";

export const BY = {
  rule: ["Rule", (cluster) => cluster.rule],
  location: ["Location", (cluster) => cluster.location],
  subscription: ["Subscription", (cluster) => cluster.subscription],
  window: ["Window", (cluster) => cluster.window?.words ?? "no window"],
};

const NAMED = 6;
const ROWS_AT_FIRST = 60;
const ROW_HEIGHT = 28;

// Brief: only the rows that there is room for at once.
export function week(fleet, place, go, { brief = false } = {}) {
  const by = named(BY, place.query.by) ? place.query.by : "rule";
  const days = midnights();
  const found = rowsOf(fleet, by, days);
  const darkest = Math.max(1, ...found.map((row) => mostOpen(row.found).open));
  const rows = brief ? inView() : ROWS_AT_FIRST;
  const made = section("week", "The week",
    el("div", { class: "bar" },
      choices("Rows by", Object.entries(BY).map(([value, [text]]) => [value, text]), by,
        (value) => go("week", { ...place.query, by: value })),
      legend(darkest)),
    el("p", { class: "unseen" }, `Times are in ${zoneName()}. Arrow keys go from window to window.`),
    grid(fleet, found, { by, days, darkest, most: !brief && place.query.all === "1" ? found.length : rows }),
    more(found, place, go));
  made.toggleAttribute("data-brief", brief && found.length > rows);
  return made;
}

function inView() {
  return Math.min(ROWS_AT_FIRST, Math.ceil(window.innerHeight / ROW_HEIGHT));
}

function rowsOf(fleet, by, days) {
  const groups = groupedBy(fleet.clusters, BY[by][1]);
  const rows = [...groups].map(([name, clusters]) => ({
    name, clusters, found: segments(clusters, days[0], days.at(-1)),
  }));
  return rows.sort((one, other) => firstStart(one) - firstStart(other) || inOrder(one.name, other.name));
}

// Rows in the order in which they open: dark places go down the page like stairs.
function firstStart(row) {
  return row.found[0]?.start ?? Number.MAX_SAFE_INTEGER;
}

function legend(darkest) {
  const steps = [0.01, 0.25, 0.5, 1].map((part) => el("i", { style: { "--dark": darkness(part * darkest, darkest) } }));
  return el("p", { class: "legend" }, "open at once ", el("span", {}, "1"), steps, el("span", {}, number(darkest)));
}

function darkness(open, darkest) {
  return (0.22 + 0.78 * Math.sqrt(open / darkest)).toFixed(3);
}

function grid(fleet, found, view) {
  const shown = found.slice(0, view.most);
  return el("div", { class: "week", onkeydown: moveByArrows },
    el("div", { class: "row head", "aria-hidden": "true" }, el("div", { class: "who" }), axis(view.days)),
    wholeRow(fleet, whole(fleet, view.days[0], view.days.at(-1)), view),
    anyHourRow(fleet, view),
    shown.map((row, index) => groupRow(row, view, index === 0)));
}

function axis(days) {
  return el("div", { class: "strip axis" }, days.slice(0, -1).map((day, index) =>
    el("span", { class: index ? "" : "today", style: { left: share(day, days), width: share(days[index + 1] - day + days[0], days) } },
      el("b", {}, weekdayOf(day), el("i", {}, ` ${dateOf(day)}`)))));
}

function share(at, days) {
  return `${((100 * (at - days[0])) / (days.at(-1) - days[0])).toFixed(3)}%`;
}

function nowLine(days) {
  return el("span", { class: "now", "aria-hidden": "true", style: { left: share(now(), days) } });
}

function dayLines(days) {
  return days.slice(1, -1).map((day) => el("span", { class: "day", "aria-hidden": "true", style: { left: share(day, days) } }));
}

function wholeRow(fleet, found, view) {
  const most = mostOpen(found);
  return el("div", { class: "row whole" },
    el("div", { class: "who" }, el("strong", {}, "Whole fleet"), el("span", {}, counted(fleet.clusters.length, "cluster"))),
    el("div", { class: "strip" }, dayLines(view.days), skyline(found, most.open, view.days), nowLine(view.days)));
}

// The height is how many are open; drawn as one path, whatever the number of windows.
function skyline(found, most, days) {
  const width = (days.at(-1) - days[0]) / HOUR;
  const x = (at) => ((at - days[0]) / HOUR).toFixed(2);
  const y = (open) => (40 - (38 * open) / Math.max(1, most)).toFixed(2);
  const path = found.map((part) => `M${x(part.start)} 40V${y(part.open)}H${x(part.end)}V40Z`).join("");
  return shape("svg", {
    viewBox: `0 0 ${width} 40`, preserveAspectRatio: "none", role: "img",
    "aria-label": `How many clusters are open, hour by hour; ${most} at most`,
  }, shape("path", { d: path }));
}

function anyHourRow(fleet, view) {
  const some = fleet.clusters.filter(isUnprotected);
  if (!some.length) return null;
  const label = `${counted(some.length, "cluster")} without a window: images come at any hour`;
  return el("div", { class: "row any" },
    el("div", { class: "who" }, el("strong", {}, "No window"), el("span", {}, counted(some.length, "cluster"))),
    el("div", { class: "strip" },
      el("a", { class: "open", href: fragment("clusters", { show: "unprotected" }), "aria-label": label }, "any hour"),
      nowLine(view.days)));
}

function groupRow(row, view, first) {
  const runs = stretches(row.found);
  return el("div", { class: "row", role: "group", "aria-label": `${row.name}, ${counted(row.clusters.length, "cluster")}` },
    el("div", { class: "who" },
      el("a", { href: fragment("clusters", { [view.by]: row.name }), title: row.name }, row.name),
      el("span", {}, number(row.clusters.length))),
    el("div", { class: "strip" }, dayLines(view.days),
      runs.map((run, index) => stretch(run, row, view, first && index === 0)),
      runs.length ? null : el("span", { class: "none" }, "nothing opens this week"),
      nowLine(view.days)));
}

function stretch(run, row, view, isFirst) {
  const text = `${row.name}: ${when(run.start)} to ${timeOf(run.end)}, ${most(run, row)} open`;
  const length = view.days.at(-1) - view.days[0];
  return el("a", {
    class: "open", "aria-label": text, tabindex: isFirst ? "0" : "-1",
    href: fragment("clusters", { [view.by]: row.name, from: new Date(run.start).toISOString(), to: new Date(run.end).toISOString() }),
    style: { left: share(run.start, view.days), width: `${((100 * (run.end - run.start)) / length).toFixed(3)}%` },
    onpointerenter: (event) => showTip(event.currentTarget, run, row),
    onpointerleave: hideTip,
    onfocus: (event) => showTip(event.currentTarget, run, row),
    onblur: hideTip,
  }, el("span", { style: { "background-image": steps(run, view.darkest) } }));
}

function most(run, row) {
  return run.most === row.clusters.length ? `all ${number(run.most)}` : `up to ${number(run.most)} of ${number(row.clusters.length)}`;
}

function steps(run, darkest) {
  const length = run.end - run.start;
  const stops = run.parts.flatMap((part) => {
    const color = `rgb(var(--night) / ${darkness(part.open, darkest)})`;
    return [part.start, part.end].map((at) => `${color} ${((100 * (at - run.start)) / length).toFixed(2)}%`);
  });
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

function showTip(target, run, row) {
  hideTip();
  const names = row.clusters.filter((cluster) => overlaps(cluster, run)).map((cluster) => cluster.name);
  const rest = names.length - NAMED;
  const tip = el("div", { class: "tip", id: "tip", "aria-hidden": "true" },
    el("strong", {}, `${when(run.start)} – ${timeOf(run.end)}`),
    el("span", {}, `${most(run, row)} open`),
    el("small", {}, names.slice(0, NAMED).join(", ") + (rest > 0 ? ` and ${number(rest)} more` : "")));
  document.body.append(tip);
  placeTip(tip, target.getBoundingClientRect());
}

export function overlaps(cluster, run) {
  return cluster.window?.opens.some((open) => open.start < run.end && run.start < open.end) ?? false;
}

function placeTip(tip, over) {
  const left = Math.min(Math.max(8, over.left), document.documentElement.clientWidth - tip.offsetWidth - 8);
  const below = over.bottom + 6;
  const fits = below + tip.offsetHeight < window.innerHeight;
  tip.style.setProperty("left", `${left + window.scrollX}px`);
  tip.style.setProperty("top", `${(fits ? below : over.top - tip.offsetHeight - 6) + window.scrollY}px`);
}

export function hideTip() {
  document.getElementById("tip")?.remove();
}

// One stop for the Tab key; from there the arrows go along a row and from row to row.
function moveByArrows(event) {
  const all = [...event.currentTarget.querySelectorAll("a.open[tabindex]")];
  const at = all.indexOf(document.activeElement);
  const to = at < 0 ? null : target(event.key, all, at);
  if (!to) return;
  event.preventDefault();
  all[at].tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}

function target(key, all, at) {
  if (key === "ArrowRight") return all[at + 1];
  if (key === "ArrowLeft") return all[at - 1];
  if (key === "Home") return all[0];
  if (key === "End") return all.at(-1);
  if (key === "ArrowDown") return nearest(all.slice(at + 1), all[at]);
  if (key === "ArrowUp") return nearest(all.slice(0, at).reverse(), all[at]);
  return null;
}

function nearest(candidates, from) {
  const row = candidates.find((each) => each.parentElement !== from.parentElement)?.parentElement;
  const same = candidates.filter((each) => each.parentElement === row);
  return same.sort((one, other) => Math.abs(one.offsetLeft - from.offsetLeft) - Math.abs(other.offsetLeft - from.offsetLeft))[0];
}

function more(found, place, go) {
  const rest = found.length - ROWS_AT_FIRST;
  if (rest <= 0 || place.query.all === "1") return null;
  return el("button", { type: "button", class: "more", onclick: () => go("week", { ...place.query, all: "1" }) },
    `Show ${number(rest)} more rows`);
}
