// Elements, made without markup: whatever comes from outside is text, and never anything else.

const SVG = "http://www.w3.org/2000/svg";

export function el(tag, props = {}, ...children) {
  return filled(document.createElement(tag), props, children);
}

export function shape(tag, props = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), props, children);
}

function filled(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") setStyle(element, value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// The policy of the page forbids style attributes; properties set one by one are no attribute.
function setStyle(element, values) {
  for (const [name, value] of Object.entries(values)) element.style.setProperty(name, value);
}

// By hand: the browser's own formatters take longer to make than the rest of the page does to draw.
export function number(count) {
  return count < 1000 ? String(count) : String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

export function inOrder(one, other) {
  return one < other ? -1 : Number(one > other);
}

export function counted(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

// What an address names, if it is one of a table's own names: every object has a "constructor".
export function named(table, name) {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

// How many rows an address asks for; so many where it does not say.
export function most(query, otherwise) {
  return Math.max(0, Math.floor(Number(query.most))) || otherwise;
}

export function fragment(view, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(given).toString();
  return `#${view}${text ? `?${text}` : ""}`;
}

export function section(id, title, ...children) {
  const heading = el("h2", { id: `${id}-title`, tabindex: "-1" }, title);
  return el("section", { id, "aria-labelledby": `${id}-title` }, heading, ...children);
}

// A row of choices of which one is taken.
export function choices(label, options, taken, choose) {
  const buttons = options.map(([value, text]) =>
    el("button", { type: "button", "aria-pressed": String(value === taken), onclick: () => choose(value) }, text));
  return el("div", { class: "choices", role: "group", "aria-label": label }, buttons);
}

export function table(caption, heads, rows, props = {}) {
  return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": caption },
    el("table", props,
      el("caption", { class: "unseen" }, caption),
      el("thead", {}, el("tr", {}, heads)),
      el("tbody", {}, rows)));
}

export function head(text, props = {}) {
  return el("th", { scope: "col", ...props }, text);
}
