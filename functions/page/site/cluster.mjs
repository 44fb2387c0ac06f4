// One cluster: why this window, who made it, when it opens, what is to be expected, what to type.

import { changeText, isCurrent } from "./approvals.mjs";
import { budgetsFor, commandsFor, copyable, replayOf } from "./commands.mjs";
import { counted, el, fragment, head, section, table } from "./dom.mjs";
import { armId, idOf, stateOf } from "./fleet.mjs";
import { ticked } from "./findings.mjs";
import { browserZone, fromNow, now, offsetText, timeOf, when, whenAt } from "./times.mjs";

const OPENINGS = 5;

export function cluster(fleet, place) {
  const found = fleet.clusters.find((each) => idOf(each) === place.query.id);
  if (!found) return unknown(place.query.id ?? "");
  const reasons = new Map(fleet.reasons.map((reason) => [reason.code, reason]));
  return el("article", { id: "cluster", "aria-labelledby": "cluster-title" },
    title(found), facts(found),
    el("div", { class: "columns" },
      el("div", {}, toApprove(fleet, found), openings(found), forecasts(found), budgets(found)),
      el("div", {}, givenUp(found), lastOutcome(found, reasons), removals(found), shell(found))));
}

function unknown(id) {
  return el("section", { id: "cluster" }, el("h2", { tabindex: "-1" }, "No such cluster"),
    el("p", {}, `naptime does not know ${id || "a cluster without a name"}. `, el("a", { href: fragment("clusters") }, "All clusters")));
}

function title(found) {
  const state = stateOf(found);
  return el("div", { class: "title" },
    el("h2", { id: "cluster-title", tabindex: "-1" }, found.name),
    el("span", { class: `mark ${state.kind}` }, state.text),
    el("p", { class: "id" }, armId(found)));
}

function facts(found) {
  const pairs = [
    ["Window", windowText(found)],
    ["Why", [`rule ${found.rule}`, found.why ? `: ${found.why}` : ""]],
    ["Made by", found.maker || "–"],
    ["Location", found.location],
    ["Oldest node image", imageText(found.image)],
    ["Kubernetes upgrades", upgradesText(found.upgrades)],
    ["Schedule read", found.read ? `${when(found.read)} (${fromNow(found.read)})` : "never"],
  ];
  return el("dl", { class: "facts" }, pairs.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

function windowText(found) {
  if (!found.window) return el("span", { class: found.leftOut ? "" : "bad" }, "none is known");
  return found.planned ? `${found.window.words} (planned: this is a dry run)` : found.window.words;
}

function imageText(image) {
  if (!image) return "not read";
  const of = ` on ${counted(image.machines, "machine")}`;
  return image.version ? `${image.version}, ${counted(image.days, "day")} old${of}` : `not known${of}`;
}

// The other schedule: an upgrade of Kubernetes brings the newest node images, whatever this window says.
function upgradesText(upgrades) {
  if (!upgrades) return "not known";
  if (!upgrades.isUpgraded) return "not by themselves";
  if (!upgrades.window) return el("span", { class: "bad" }, upgrades.why);
  const next = upgrades.window.opens.find((open) => open.end > now());
  return [upgrades.window.words, upgrades.isPlanned ? " (planned: this is a dry run)" : "",
    next ? el("small", {}, `next ${when(next.start)}`) : null, el("small", {}, upgrades.why)];
}

function toApprove(fleet, found) {
  const planned = fleet.waiting.filter(isCurrent).flatMap((run) => run.planned()).find((each) => each.cluster === found);
  if (!planned) return null;
  return section("to-approve", "Waiting for approval",
    el("p", {}, planned.changes.map(changeText).join(", ")),
    el("p", {}, el("a", { href: fragment("approvals") }, "The whole plan, and how to approve it")));
}

function openings(found) {
  const window = found.window;
  const coming = window?.opens.filter((open) => open.end > now()).slice(0, OPENINGS) ?? [];
  if (!coming.length) {
    return section("openings", "Next openings", el("p", { class: "quiet" }, window?.ambiguity || "None is known."));
  }
  const heads = ["UTC", `Its own ${offsetText(window.offset)}`, "Here", "How soon"].map((text) => head(text));
  return section("openings", "Next openings",
    table("Next openings", heads, coming.map((open) => openingRow(open, window)), { class: "openings" }),
    el("p", { class: "quiet" }, `Its own is the window's fixed offset; here is ${browserZone()}.`));
}

function openingRow(open, window) {
  const soon = open.start <= now() ? "open now" : fromNow(open.start);
  return el("tr", {},
    el("td", {}, when(open.start, false)), el("td", {}, whenAt(open.start, window.offset)), el("td", {}, when(open.start, true)),
    el("td", {}, open.certain ? soon : `${soon}, not certain`));
}

function forecasts(found) {
  return section("forecast", "Node images to come",
    found.forecasts.length ? found.forecasts.map(forecast) : el("p", { class: "quiet" }, "Nothing is to be expected."));
}

function forecast(wait) {
  return el("div", { class: "forecast" },
    el("p", {}, wait.image ? el("code", {}, `${wait.image.os} ${wait.image.version}`) : el("span", { class: "quiet" }, "The next image:"), " ", pickUp(wait)),
    wait.notes.map((note) => el("p", { class: "quiet" }, note)));
}

function pickUp(wait) {
  if (wait.pickUp === "AnyTime") return el("strong", { class: "bad" }, `at any hour. ${wait.why}`);
  if (wait.pickUp === "Unknown") return el("span", {}, `nobody knows when. ${wait.why}`);
  const possible = wait.start === null || wait.end < now() ? "" : `possible ${when(wait.start)} – ${timeOf(wait.end)}, `;
  if (wait.certainBy === null) return el("span", {}, `in the window; ${possible}no opening is certain`);
  return el("span", {}, wait.certainBy < now() ? `in the window; there since ${when(wait.certainBy)}` : `in the window; ${possible}certain by ${when(wait.certainBy)}`);
}

function lastOutcome(found, reasons) {
  const others = found.findings.filter((code) => code !== found.reason);
  return section("outcome", "Last outcome",
    el("p", {}, el("strong", {}, found.outcome), ` · ${found.reason} · ${when(found.recorded)} (${fromNow(found.recorded)})`),
    el("p", {}, found.message),
    [found.reason, ...others].map((code) => advice(reasons.get(code))));
}

function advice(reason) {
  if (!reason || reason.advice === "Nothing to do.") return null;
  return el("p", { class: reason.needsAPerson ? "advice warn" : "advice" }, el("b", {}, reason.code), ": ", ticked(reason.advice));
}

function givenUp(found) {
  const record = found.givenUp;
  if (!record) return null;
  return section("given-up", "Given up",
    el("p", {}, el("strong", { class: "bad" }, record.reason), record.code ? ` (${record.code})` : "",
      ` · after ${counted(record.attempts, "attempt")} · ${when(record.at)} (${fromNow(record.at)})`),
    record.message ? el("p", {}, record.message) : null,
    el("p", { class: "advice warn" }, ticked(record.advice)),
    copyable("Try it again", replayOf(found)));
}

function removals(found) {
  const last = found.removed;
  if (!last) return null;
  return section("removals", "Removed by others",
    el("p", {}, el("strong", {}, `${counted(last.times, "time")} in thirty days`), `, the last ${when(last.at)} (${fromNow(last.at)})`,
      last.by ? [` by ${last.kind} `, el("code", {}, last.by)] : " by somebody whom the event does not name", "."));
}

function shell(found) {
  return section("shell", "The same in a shell", Object.entries(commandsFor(found)).map(([name, text]) => copyable(name, text)));
}

function budgets(found) {
  if (!found.window?.blocks.length) return null;
  return section("budgets", "Disruption budgets",
    el("p", { class: "quiet" }, "For every NodePool: nodes drift in the window and at no other time. The notes that decide whether it works come with ",
      el("code", {}, "…/disruption-budgets"), "."),
    copyable("YAML", budgetsFor(found.window)));
}
