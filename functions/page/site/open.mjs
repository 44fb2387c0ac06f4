// How many clusters are open when: exact to the minute, from windows that many clusters share.

import { groupedBy } from "./fleet.mjs";

const wholes = new WeakMap();

// The same of the whole fleet, which more than one part of the page asks for.
export function whole(fleet, from, to) {
  const known = wholes.get(fleet);
  if (known?.from === from && known.to === to) return known.found;
  const found = segments(fleet.clusters, from, to);
  wholes.set(fleet, { from, to, found });
  return found;
}

// Stretches of time, in order, in each of which the number of open clusters is one.
export function segments(clusters, from, to) {
  const changes = new Map();
  for (const [window, some] of groupedBy(clusters, (cluster) => cluster.window)) {
    for (const open of window?.opens ?? []) count(changes, open, some.length, from, to);
  }
  return swept(changes);
}

function count(changes, open, number, from, to) {
  const [start, end] = [Math.max(open.start, from), Math.min(open.end, to)];
  if (start >= end) return;
  changes.set(start, (changes.get(start) ?? 0) + number);
  changes.set(end, (changes.get(end) ?? 0) - number);
}

function swept(changes) {
  const found = [];
  let open = 0;
  let since = 0;
  for (const at of [...changes.keys()].sort((one, other) => one - other)) {
    if (open) found.push({ start: since, end: at, open });
    open += changes.get(at);
    since = at;
  }
  return found;
}

// Runs of segments that touch: what the eye sees as one dark place.
export function stretches(found) {
  const runs = [];
  for (const segment of found) {
    const last = runs.at(-1);
    if (last && last.end === segment.start) {
      last.parts.push(segment);
      last.end = segment.end;
      last.most = Math.max(last.most, segment.open);
    } else {
      runs.push({ start: segment.start, end: segment.end, most: segment.open, parts: [segment] });
    }
  }
  return runs;
}

export function mostOpen(found) {
  return found.reduce((most, each) => (each.open > most.open ? each : most), { open: 0, start: null });
}
