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
  return {
    day,
    dryRun: answer.dryRun,
    lastFullRun: answer.lastFullRun,
    reasons: answer.reasons.map(reasonOf),
    windows: tables.openings,
    images: tables.newest,
    crowds: answer.crowds.map((row) => crowdOf(row, tables)),
    clusters: answer.clusters.map((row) => clusterOf(row, tables)),
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

function clusterOf(row, tables) {
  const [subscription, group, name, location, rule, why, window, maker, state, outcome, reason, message,
    recorded, read, findings, age, machines, forecasts, crowd] = row;
  const found = tables.reasons[reason];
  const images = tables.ages[age];
  return {
    subscription: tables.subscriptions[subscription],
    group: tables.groups[group],
    name,
    location: tables.locations[location] || "unknown",
    rule: tables.rules[rule],
    why: tables.texts[why] ?? "",
    window: tables.openings[window] ?? null,
    maker: tables.makers[maker] ?? "",
    explicit: Boolean(state & EXPLICIT),
    leftOut: Boolean(state & LEFT_OUT),
    needsAPerson: Boolean(state & NEEDS_A_PERSON),
    planned: Boolean(state & ONLY_PLANNED),
    outcome: tables.outcomes[outcome],
    reason: found[0],
    message: tables.texts[message] ?? found[1],
    recorded: tables.at(recorded),
    read: tables.at(read),
    findings: findings.map((place) => tables.reasons[place][0]),
    image: images ? { version: images[0], days: images[1], read: tables.at(images[2]), machines } : null,
    forecasts: (tables.forecastLists[forecasts] ?? []).map((place) => tables.waits[place]),
    crowd: tables.crowds[crowd] ? crowdOf(tables.crowds[crowd], tables) : null,
  };
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
