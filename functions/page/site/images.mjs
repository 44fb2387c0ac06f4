// The newest node image of each location: since when, who has it, and by when the others will.

import { el, fragment, head, inOrder, section, table } from "./dom.mjs";
import { groupedBy } from "./fleet.mjs";
import { now, span, when } from "./times.mjs";

const SHOWN = 12;

export function images(fleet, place, go) {
  const byLocation = groupedBy(fleet.clusters, (cluster) => cluster.location);
  const found = fleet.images.map((image) => ({ image, ...takers(byLocation.get(image.location) ?? [], image) })).filter((each) => each.clusters.length).sort(newestFirst);
  if (!found.length) return section("images", "Newest node images", el("p", { class: "quiet" }, "No node image has been seen yet."));
  const shown = place.query.images === "all" ? found : found.slice(0, SHOWN);
  const heads = [["Location"], ["Image"], ["Since", "since"], ["Has it", "has"], ["Certain by"]].map(([text, kind]) => head(text, { class: kind }));
  return section("images", "Newest node images",
    table("Newest node images by location", heads, shown.map(row), { class: "images" }),
    found.length > shown.length
      ? el("button", { type: "button", class: "more", onclick: () => go("images", { ...place.query, images: "all" }) }, `Show ${found.length - shown.length} more`)
      : null);
}

function newestFirst(one, other) {
  return other.image.since - one.image.since || inOrder(one.image.location, other.image.location);
}

function takers(clusters, image) {
  const waits = clusters.flatMap((cluster) => cluster.forecasts.filter((wait) => wait.image === image));
  const known = clusters.filter((cluster) => cluster.image?.version);
  return { clusters, waits, known, have: known.filter((cluster) => cluster.image.version === image.version) };
}

function row({ image, clusters, waits, known, have }) {
  return el("tr", {},
    el("th", { scope: "row" }, el("a", { href: fragment("clusters", { location: image.location }) }, image.location)),
    el("td", {}, el("code", {}, image.version), el("small", {}, image.os.replace("AKS", ""))),
    el("td", { class: "since", title: when(image.since) }, image.after === null ? "over " : "", span(now() - image.since)),
    el("td", { class: "has" }, known.length ? `${have.length} of ${clusters.length}` : el("span", { class: "quiet" }, "not read")),
    el("td", {}, certainty(waits)));
}

function certainty(waits) {
  const any = waits.filter((wait) => wait.pickUp === "AnyTime").length;
  const unknown = waits.filter((wait) => wait.pickUp === "Unknown" || (wait.pickUp === "InWindow" && wait.certainBy === null)).length;
  const last = Math.max(...waits.map((wait) => wait.certainBy ?? 0));
  return [
    last ? el("span", {}, last < now() ? "all windows since" : when(last)) : null,
    any ? el("small", { class: "bad" }, `${any} at any hour`) : null,
    unknown ? el("small", {}, `${unknown} not known`) : null,
  ];
}
