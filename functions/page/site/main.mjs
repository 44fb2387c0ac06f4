// The page: which view the fragment names, what is known, and what is said about it.

import { approvals } from "./approvals.mjs";
import { ask, forget, keepKey, keptKey } from "./ask.mjs";
import { choices, el, fragment, named } from "./dom.mjs";
import { clusters } from "./clusters.mjs";
import { cluster } from "./cluster.mjs";
import { crowds, findings } from "./findings.mjs";
import { fleetOf } from "./fleet.mjs";
import { images } from "./images.mjs";
import { next } from "./next.mjs";
import { tiles } from "./tiles.mjs";
import { browserZone, MINUTE, now, timeOf, zone } from "./times.mjs";
import { hideTip, week } from "./week.mjs";

const PARTS = { week: "Week", next: "Next", images: "Images", findings: "Findings", crowds: "Crowds" };
const VIEWS = { ...PARTS, clusters: "Clusters", approvals: "Approvals" };
const ALONE = ["clusters", "cluster", "approvals"];
const known = { fleet: null, at: 0 };
const main = document.getElementById("main");

function place() {
  const [view, text] = location.hash.slice(1).split("?");
  const query = Object.fromEntries(new URLSearchParams(text ?? ""));
  return { view: named(VIEWS, view) || view === "cluster" ? view : "week", query };
}

function go(view, query, { quietly = false } = {}) {
  history[quietly ? "replaceState" : "pushState"](null, "", fragment(view, query));
  draw({ keepFocus: true });
}

// Brief is what the eye meets first: the figures, and as many rows of the week as there is room for.
function draw({ keepFocus = false, brief = false } = {}) {
  if (!known.fleet) return;
  const here = place();
  zone.local = here.query.zone ? here.query.zone === "local" : zone.local;
  const focused = keepFocus ? marked(document.activeElement) : null;
  hideTip();
  say(known.isOld ? "" : `As of ${timeOf(known.at)} ${zone.local ? browserZone() : "UTC"}`);
  drawTools(here);
  main.replaceChildren(...viewOf(here, brief));
  document.title = `${titleOf(here)} · naptime`;
  if (focused) refocus(focused);
}

function viewOf(here, brief) {
  const { fleet } = known;
  if (here.view === "clusters") return [clusters(fleet, here, go)];
  if (here.view === "cluster") return [cluster(fleet, here)];
  if (here.view === "approvals") return [approvals(fleet, here, go)];
  return [tiles(fleet), week(fleet, here, go, { brief }), brief ? "" : below(here)];
}

function below(here) {
  const { fleet } = known;
  return el("div", { class: "columns" },
    el("div", {}, next(fleet, here, go), findings(fleet, here)),
    el("div", {}, images(fleet, here, go), crowds(fleet)));
}

// What is in view already stays as it is.
function drawTheRest() {
  const here = place();
  // Whoever has gone to another view meanwhile has all of that one.
  if (!known.fleet || ALONE.includes(here.view) || main.querySelector(".columns")) return;
  document.querySelector("#week[data-brief]")?.replaceWith(week(known.fleet, here, go));
  main.append(below(here));
  reveal(false);
}

function titleOf(here) {
  return here.view === "cluster" ? (here.query.id ?? "").split("/").at(-1) : VIEWS[here.view];
}

// What has the focus is made anew with everything else: it is found again by what it is.
function marked(element) {
  if (!element || !main.contains(element) && !document.querySelector(".tools").contains(element)) return null;
  if (element.id) return { find: () => document.getElementById(element.id), at: element.selectionStart };
  const [text, label] = [element.textContent, element.getAttribute("aria-label")];
  return { find: () => [...document.querySelectorAll(element.localName)].find((each) => each.textContent === text && each.getAttribute("aria-label") === label) };
}

function refocus({ find, at }) {
  const found = find();
  found?.focus({ preventScroll: true });
  if (at !== undefined && at !== null) found?.setSelectionRange?.(at, at);
}

function drawTools(here) {
  document.querySelector("nav").replaceChildren(...Object.entries(VIEWS).filter(([view]) => isOffered(view, here)).map(([view, text]) =>
    el("a", { href: fragment(view), "aria-current": view === here.view ? "page" : undefined }, text)));
  document.querySelector(".tools").replaceChildren(...[
    known.fleet?.dryRun ? el("span", { class: "mark warn" }, "Dry run") : null,
    choices("Times in", [["utc", "UTC"], ["local", "Local"]], zone.local ? "local" : "utc",
      (value) => go(here.view, { ...here.query, zone: value })),
    keptKey() ? el("button", { type: "button", onclick: leave }, "Forget key") : null,
  ].filter(Boolean));
}

function isOffered(view, here) {
  return view !== "approvals" || view === here.view || Boolean(known.fleet?.waiting.length);
}

function leave() {
  keepKey("");
  forget();
  known.fleet = null;
  start();
}

function say(text) {
  const said = document.getElementById("said");
  if (said.textContent !== text) said.textContent = text;
}

function warn(...children) {
  document.getElementById("banner").replaceChildren(...(children.length ? [el("p", { role: "alert" }, children)] : []));
}

const TOLD = {
  data(came) {
    known.fleet = fleetOf(came.answer);
    fresh();
    if (known.arrived) draw({ keepFocus: true });
    else arrive();
  },
  same: () => { fresh(); draw({ keepFocus: true }); },
  stranger: (came) => askForKey(came),
  unreachable: () => trouble("naptime does not answer."),
  trouble(came) {
    const { title, detail, advice } = came.problem;
    trouble([title ?? `naptime answers ${came.status}.`, detail && came.problem.reason === "InvalidSetting" ? detail : "", advice].filter(Boolean).join(" "));
  },
};

function fresh() {
  known.at = now();
  known.isOld = false;
  warn();
}

function trouble(text) {
  known.isOld = true;
  const old = known.fleet ? ` This is the fleet as of ${timeOf(known.at)}.` : "";
  warn(el("strong", {}, text), `${old} It is tried again by itself.`);
  if (!known.fleet) main.replaceChildren();
  say("");
}

function askForKey({ said, canSignIn }) {
  known.fleet = null;
  warn();
  say("");
  document.querySelector("nav").replaceChildren();
  document.querySelector(".tools").replaceChildren();
  main.replaceChildren(el("form", { class: "key", onsubmit: takeKey },
    el("h2", {}, "Every window, at one look"),
    said ? el("p", { class: "bad", role: "alert" }, said) : null,
    canSignIn ? el("p", {}, el("a", { class: "sign-in", href: "/.auth/login/aad?post_login_redirect_uri=/api/fleet" }, "Sign in")) : null,
    el("label", { for: "key" }, "Function key"),
    el("div", { class: "bar" },
      el("input", { id: "key", type: "password", autocomplete: "off", required: true, spellcheck: "false" }),
      el("button", { type: "submit" }, "Show the fleet")),
    el("p", { class: "quiet" }, "It stays in this tab, and is sent as a header, never in a URL.")));
  document.getElementById("key").focus();
}

function takeKey(event) {
  event.preventDefault();
  keepKey(document.getElementById("key").value.trim());
  start();
}

// A view that the fragment names is gone to once: when it is there for the first time.
function arrive() {
  known.arrived = true;
  if (ALONE.includes(place().view)) return draw();
  draw({ brief: true });
  afterPaint(drawTheRest);
}

function afterPaint(then) {
  requestAnimationFrame(() => setTimeout(then));
}

function reveal(takeFocus) {
  const here = place();
  const target = document.getElementById(here.view);
  if (["next", "images", "findings", "crowds"].includes(here.view)) target?.scrollIntoView();
  if (takeFocus) target?.querySelector("h2")?.focus({ preventScroll: true });
}

function start() {
  ask((came) => TOLD[came.kind](came));
  if (!known.fleet && keptKey()) wait();
}

// The frame is there while the fleet is asked for.
function wait() {
  drawTools(place());
  say("Reading the fleet…");
}

window.addEventListener("hashchange", () => { draw(); window.scrollTo(0, 0); reveal(true); });
window.addEventListener("online", start);
document.addEventListener("visibilitychange", () => { if (!document.hidden && now() - known.at > MINUTE) start(); });
setInterval(() => { if (known.fleet && !document.querySelector(":focus-visible")) draw({ keepFocus: true }); }, MINUTE);
start();
