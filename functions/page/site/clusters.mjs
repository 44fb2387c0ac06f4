// The clusters themselves: a table that can be searched, narrowed and sorted.

import { counted, el, fragment, head, most, named, number, table } from "./dom.mjs";
import { idOf, isUnprotected, nextOpening, stateOf } from "./fleet.mjs";
import { BY, overlaps } from "./week.mjs";
import { fromNow, now, when } from "./times.mjs";

const SHOWN = 100;
const LATE = Number.MAX_SAFE_INTEGER;

const COLUMNS = {
  name: ["Cluster", (cluster) => cluster.name.toLowerCase()],
  location: ["Location", (cluster) => cluster.location],
  rule: ["Rule", (cluster) => cluster.rule],
  window: ["Window", (cluster) => cluster.window?.words ?? ""],
  next: ["Opens next", (cluster) => nextOpening(cluster)?.start ?? LATE],
  state: ["State", (cluster) => stateOf(cluster).text],
  image: ["Oldest image", (cluster) => cluster.image?.days ?? -1],
};

const SHOW = {
  unprotected: ["unprotected", isUnprotected],
  attention: ["that need a person", (cluster) => cluster.needsAPerson],
};

export function clusters(fleet, place, go) {
  const { found, words } = narrowed(fleet, place.query);
  const shown = sorted(found, place.query).slice(0, most(place.query, SHOWN));
  const rest = found.length - shown.length;
  return el("section", { id: "clusters", "aria-labelledby": "clusters-title" },
    el("h2", { id: "clusters-title", tabindex: "-1" }, counted(found.length, "cluster"), words ? el("small", {}, ` ${words}`) : null),
    el("div", { class: "bar" }, search(place, go),
      words || place.query.q ? el("a", { class: "clear", href: fragment("clusters") }, "Show all clusters") : null),
    found.length ? table("Clusters", heads(place), shown.map(row), { class: "clusters" }) : el("p", { class: "quiet" }, "No cluster is like that."),
    rest > 0 ? el("button", { type: "button", class: "more", onclick: () => go("clusters", { ...place.query, most: shown.length + 5 * SHOWN }) },
      `Show more: ${number(rest)} are left`) : null);
}

function narrowed(fleet, query) {
  const tests = [];
  const words = [];
  const add = (test, text) => { tests.push(test); words.push(text); };
  for (const [name, [text, value]] of Object.entries(BY)) {
    if (query[name]) add((cluster) => value(cluster) === query[name], `of ${text.toLowerCase()} ${query[name]}`);
  }
  const [shown, test] = named(SHOW, query.show) ?? [];
  if (test) add(test, shown);
  if (query.reason) add((cluster) => cluster.reason === query.reason || cluster.findings.includes(query.reason), `with ${query.reason}`);
  if (query.crowd) add((cluster) => crowdOf(cluster) === query.crowd, "of one crowded start");
  addTimes(query, add);
  if (query.q) tests.push(matcher(query.q));
  return { found: fleet.clusters.filter((cluster) => tests.every((test) => test(cluster))), words: words.join(", ") };
}

function crowdOf(cluster) {
  return cluster.crowd ? `${cluster.crowd.subscription} ${cluster.crowd.location} ${cluster.crowd.start}` : "";
}

function addTimes(query, add) {
  const [from, to, open] = [query.from, query.to, query.open].map((text) => Date.parse(text ?? ""));
  if (from && to) add((cluster) => overlaps(cluster, { start: from, end: to }), `open on ${when(from)}`);
  if (open) add((cluster) => overlaps(cluster, { start: open, end: open + 1 }), `open at ${when(open)}`);
}

// Every word must be somewhere in what the cluster is called, or is.
function matcher(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (cluster) => {
    const own = [cluster.name, cluster.group, cluster.subscription, cluster.location, cluster.rule,
      cluster.window?.words ?? "", cluster.reason, ...cluster.findings, stateOf(cluster).text].join(" ").toLowerCase();
    return words.every((word) => own.includes(word));
  };
}

function sorted(found, query) {
  const value = (named(COLUMNS, query.sort) ?? COLUMNS.name)[1];
  const keyed = found.map((cluster) => [value(cluster), cluster]);
  keyed.sort(([one, first], [other, second]) => compared(one, other) || compared(idOf(first), idOf(second)));
  const ordered = keyed.map(([, cluster]) => cluster);
  return query.down ? ordered.reverse() : ordered;
}

const collator = { made: null };

// Made when something is sorted by name for the first time: it takes as long as a view.
function byName(one, other) {
  collator.made ??= new Intl.Collator("en", { numeric: true });
  return collator.made.compare(one, other);
}

function compared(one, other) {
  if (one === other) return 0;
  if (typeof one === "string") return byName(one, other);
  return one < other ? -1 : 1;
}

function search(place, go) {
  return el("label", { class: "search" }, el("span", { class: "unseen" }, "Search clusters"),
    el("input", {
      type: "search", id: "search", value: place.query.q ?? "", placeholder: "Name, group, rule, location, reason…", autocomplete: "off", spellcheck: "false",
      oninput: (event) => go("clusters", { ...place.query, q: event.currentTarget.value, most: undefined }, { quietly: true }),
    }));
}

function heads(place) {
  const by = place.query.sort ?? "name";
  return Object.entries(COLUMNS).map(([name, [text]]) => {
    const isDown = name === by && Boolean(place.query.down);
    const order = name === by ? (isDown ? "descending" : "ascending") : undefined;
    const query = { ...place.query, sort: name, down: name === by && !isDown ? "1" : undefined };
    return head(el("a", { href: fragment("clusters", query) }, text), { "aria-sort": order, class: name });
  });
}

function row(cluster) {
  const state = stateOf(cluster);
  const open = nextOpening(cluster);
  return el("tr", {},
    el("th", { scope: "row", class: "name" },
      el("a", { href: fragment("cluster", { id: idOf(cluster) }) }, cluster.name), el("small", {}, cluster.group)),
    el("td", { class: "location" }, cluster.location),
    el("td", { class: "rule" }, cluster.rule),
    el("td", { class: "window" }, cluster.window?.words ?? "–"),
    el("td", { class: "next" }, open ? opens(open) : "–"),
    el("td", { class: "state" }, el("span", { class: `mark ${state.kind}` }, state.text)),
    el("td", { class: "image" }, cluster.image?.version ? counted(cluster.image.days, "day") : "–"));
}

function opens(open) {
  return [el("span", {}, open.start <= now() ? "open now" : when(open.start)),
    open.start <= now() ? null : el("small", {}, fromNow(open.start))];
}
