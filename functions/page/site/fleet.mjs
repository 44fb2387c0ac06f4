// The compact answer of /fleet/data as objects: the shape is said in rows.py beside its maker.

import { MINUTE, now } from "./times.mjs";

const EXPLICIT = 1;
const LEFT_OUT = 2;
const NEEDS_A_PERSON = 4;
const ONLY_PLANNED = 8;

export function fleetOf(answer) {
  const day = Date.parse(answer.day);
  const at = (minute) => (minute === null ? null : day + minute * MINUTE);
  const tables = { ...answer, at, openings: answer.windows.map((row) => windowOf(row, at)) };
  tables.newest = answer.images.map((row) => imageOf(row, tables));
  tables.waits = answer.forecasts.map((row) => forecastOf(row, tables));
  tables.starts = answer.crowds.map((row) => crowdOf(row, tables));
  tables.removed = once(() => removedIn(tables));
  tables.gaveUp = once(() => givenUpIn(tables));
  const clusters = answer.clusters.map((row, place) => new Cluster(row, tables, place));
  return {
    day,
    dryRun: answer.dryRun,
    lastFullRun: answer.lastFullRun,
    reasons: answer.reasons.map(reasonOf),
    windows: tables.openings,
    images: tables.newest,
    crowds: tables.starts,
    waiting: answer.waiting.map((row) => waitingOf(row, tables, clusters)),
    clusters,
  };
}

function windowOf([words, offset, minutes, ambiguity, starts, uncertain, blocks], at) {
  const opens = starts.map((start) => ({
    start: at(start), end: at(start) + minutes * MINUTE, certain: !uncertain.includes(start),
  }));
  return { words, offset, minutes, ambiguity, opens, blocks };
}

function reasonOf([code, meaning, advice, needsAPerson]) {
  return { code, meaning, advice, needsAPerson };
}

function imageOf([location, os, version, since, after], tables) {
  return { location: tables.locations[location], os, version, since: tables.at(since), after: tables.at(after) };
}

function crowdOf([subscription, location, start, clusters], tables) {
  return {
    subscription: tables.subscriptions[subscription], location: tables.locations[location],
    start: tables.at(start), clusters,
  };
}

function forecastOf([image, pickUp, notBefore, start, end, certainBy, why, notes], tables) {
  return {
    image: tables.newest[image] ?? null, pickUp, notBefore: tables.at(notBefore), start: tables.at(start), end: tables.at(end),
    certainBy: tables.at(certainBy), why: tables.texts[why] ?? "", notes: notes.map((place) => tables.texts[place]),
  };
}

const FIELDS = ["subscription", "group", "name", "location", "rule", "why", "window", "maker", "state", "outcome", "reason",
  "message", "recorded", "read", "findings", "age", "machines", "forecasts", "crowd", "upgrades"];
const AT = Object.fromEntries(FIELDS.map((name, index) => [name, index]));

// A cluster looks its values up when it is asked for them: most views ask for few, and there are many clusters.
class Cluster {
  constructor(row, tables, place) {
    this.row = row;
    this.tables = tables;
    this.place = place;
  }

  get subscription() { return this.tables.subscriptions[this.row[AT.subscription]]; }
  get group() { return this.tables.groups[this.row[AT.group]]; }
  get name() { return this.row[AT.name]; }
  get location() { return this.tables.locations[this.row[AT.location]] || "unknown"; }
  get rule() { return this.tables.rules[this.row[AT.rule]]; }
  get why() { return this.tables.texts[this.row[AT.why]] ?? ""; }
  get window() { return this.tables.openings[this.row[AT.window]] ?? null; }
  get maker() { return this.tables.makers[this.row[AT.maker]] ?? ""; }
  get explicit() { return this.has(EXPLICIT); }
  get leftOut() { return this.has(LEFT_OUT); }
  get needsAPerson() { return this.has(NEEDS_A_PERSON); }
  get planned() { return this.has(ONLY_PLANNED); }
  get outcome() { return this.tables.outcomes[this.row[AT.outcome]]; }
  get reason() { return this.tables.reasons[this.row[AT.reason]][0]; }
  get message() { return this.tables.texts[this.row[AT.message]] ?? this.tables.reasons[this.row[AT.reason]][1]; }
  get recorded() { return this.tables.at(this.row[AT.recorded]); }
  get read() { return this.tables.at(this.row[AT.read]); }
  get findings() { return this.row[AT.findings].map((place) => this.tables.reasons[place][0]); }
  get image() { return imageAgeOf(this.tables.ages[this.row[AT.age]], this.row[AT.machines], this.tables); }
  get forecasts() { return (this.tables.forecastLists[this.row[AT.forecasts]] ?? []).map((place) => this.tables.waits[place]); }
  get crowd() { return this.tables.starts[this.row[AT.crowd]] ?? null; }
  get upgrades() { return upgradesOf(this.tables.upgrades[this.row[AT.upgrades]], this.tables); }
  get removed() { return this.tables.removed().get(this.place) ?? null; }
  get givenUp() { return this.tables.gaveUp().get(this.place) ?? null; }

  has(bit) { return Boolean(this.row[AT.state] & bit); }
}

function imageAgeOf(age, machines, tables) {
  return age ? { version: age[0], days: age[1], read: tables.at(age[2]), machines } : null;
}

function upgradesOf(row, tables) {
  if (!row) return null;
  const [channel, isUpgraded, window, isPlanned, why] = row;
  return { channel, isUpgraded, window: tables.openings[window] ?? null, isPlanned, why };
}

function removedIn(tables) {
  return new Map(tables.removals.map(([cluster, at, by, times]) => {
    const [id, kind] = tables.callers[by] ?? ["", ""];
    return [cluster, { at: tables.at(at), by: id, kind, times }];
  }));
}

function givenUpIn(tables) {
  return new Map(tables.givenUp.map(([cluster, why, message, at, attempts]) => {
    const [reason, advice, code] = tables.givenUpWhys[why];
    return [cluster, { reason, advice, code, message: tables.texts[message] ?? "", at: tables.at(at), attempts }];
  }));
}

// A run that waits for an approval, and what it would change: from what to what, and of which clusters.
function waitingOf(row, tables, clusters) {
  const [run, scope, locations, ended, planHash, updates, atMost, owned, isOvertaken, plan, unknown] = row;
  return {
    run, scope, locations, ended: tables.at(ended), planHash, updates, atMost, owned, isOvertaken, unknown,
    planned: () => plan.flatMap(([changes, places]) => places.map((place) => ({
      cluster: clusters[place], changes: changes.map((change) => changeOf(tables.changes[change])),
    }))),
  };
}

function changeOf([path, from, to]) {
  return { path, from, to };
}

function once(make) {
  let made;
  return () => (made ??= make());
}

export function idOf(cluster) {
  return `${cluster.subscription}/${cluster.group}/${cluster.name}`;
}

export function armId(cluster) {
  return `/subscriptions/${cluster.subscription}/resourceGroups/${cluster.group}`
    + `/providers/Microsoft.ContainerService/managedClusters/${cluster.name}`;
}

export function isUnprotected(cluster) {
  return !cluster.explicit && !cluster.leftOut;
}

// Clusters that share a value, the largest group first.
export function groupedBy(clusters, value) {
  const groups = new Map();
  for (const cluster of clusters) {
    const key = value(cluster);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(cluster);
  }
  return groups;
}

export function nextOpening(cluster, at = now()) {
  return cluster.window?.opens.find((open) => open.end > at) ?? null;
}

export function stateOf(cluster) {
  if (cluster.leftOut) return { text: "Left out", kind: "quiet" };
  if (!cluster.explicit) return { text: cluster.planned ? "Planned" : "No window", kind: "bad" };
  if (cluster.needsAPerson) return { text: "Needs a person", kind: "warn" };
  return { text: "Protected", kind: "good" };
}
