// Asking for the data: with a key in a header, or by the sign-in that App Service has in front.

import { setClock } from "./times.mjs";

const KEY = "naptime-key";
const KEYS = /^[\x21-\x7e]+$/;
const EVERY = 60_000;
const SOON = 10_000;

export function keptKey() {
  return sessionStorage.getItem(KEY);
}

export function keepKey(key) {
  if (key) sessionStorage.setItem(KEY, key);
  else sessionStorage.removeItem(KEY);
}

const state = { etag: "", timer: 0, asking: null };

// Ask now, and again each minute; `told` hears of what came: data, same, or a kind of trouble.
export async function ask(told) {
  clearTimeout(state.timer);
  state.asking?.abort();
  const own = new AbortController();
  state.asking = own;
  const came = await answerOf(own.signal);
  if (state.asking !== own) return;
  const wait = came.kind === "data" || came.kind === "same" ? EVERY : came.wait;
  if (wait) state.timer = setTimeout(() => ask(told), wait);
  told({ ...came, wait });
}

async function answerOf(signal) {
  try {
    const key = keptKey();
    return key ? await withKey(key, signal) : await withoutKey(signal, "");
  } catch (error) {
    return { kind: "unreachable", wait: SOON };
  }
}

// What no header can hold is no key: a document may have put other quotes around it.
async function withKey(key, signal) {
  const response = KEYS.test(key) ? await get("fleet/data", { "x-functions-key": key }, signal) : null;
  return !response || response.status === 401 ? withoutKey(signal, "The key is not accepted.") : read(response);
}

// Where App Service has a sign-in in front, whoever is signed in needs no key.
async function withoutKey(signal, said) {
  const canSignIn = document.body.hasAttribute("data-sign-in");
  const stranger = { kind: "stranger", said, canSignIn, wait: 0 };
  const response = canSignIn ? await get("signed-in/fleet", {}, signal) : null;
  if (response && (response.ok || [304, 503].includes(response.status))) return read(response);
  forget();
  return stranger;
}

// Where the API is, however the page's own address was written: /api/fleet/ is the page as well.
export function base() {
  return location.origin + location.pathname.replace(/\/fleet\/*$/i, "");
}

function get(path, headers, signal) {
  const known = state.etag ? { "if-none-match": state.etag } : {};
  return fetch(`${base()}/${path}`, { headers: { ...headers, ...known }, cache: "no-store", redirect: "manual", signal });
}

export function forget() {
  state.etag = "";
}

async function read(response) {
  setClock(Date.parse(response.headers.get("date") ?? ""));
  if (response.status === 304) return { kind: "same" };
  if (response.ok) {
    const answer = await response.json();
    state.etag = response.headers.get("etag") ?? "";
    return { kind: "data", answer };
  }
  return { kind: "trouble", status: response.status, problem: await problemIn(response), wait: waitIn(response) };
}

async function problemIn(response) {
  try {
    return await response.json();
  } catch (error) {
    return {};
  }
}

function waitIn(response) {
  const seconds = Number(response.headers.get("retry-after"));
  return seconds > 0 ? Math.min(seconds * 1000, EVERY) : SOON;
}
