// Instants as people read them: in UTC, by the browser's clock, or at a window's own offset.

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
const FAR = 300 * 24 * HOUR;

export const zone = { local: false };
// How far the browser's clock is from naptime's; every answer says what time it is there.
const clock = { ahead: 0 };

export function setClock(theirs) {
  if (!Number.isNaN(theirs)) clock.ahead = theirs - Date.now();
}

export function now() {
  return Date.now() + clock.ahead;
}

const formats = new Map();

function format(kind, timeZone) {
  const key = `${kind} ${timeZone}`;
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { ...KINDS[kind], timeZone }));
  return formats.get(key);
}

const KINDS = {
  far: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  long: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  weekday: { weekday: "short" },
  date: { day: "numeric", month: "short" },
  time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
};

function plain(text) {
  return text.replaceAll(",", "");
}

// Near, the day of the week says most; far away, the year does.
function kindOf(at) {
  return Math.abs(at - now()) > FAR ? "far" : "long";
}

export function when(at, local = zone.local) {
  return plain(format(kindOf(at), local ? undefined : "UTC").format(at));
}

export function weekdayOf(at) {
  return format("weekday", zone.local ? undefined : "UTC").format(at);
}

export function dateOf(at) {
  return format("date", zone.local ? undefined : "UTC").format(at);
}

export function timeOf(at) {
  return format("time", zone.local ? undefined : "UTC").format(at);
}

// At a fixed offset, which no named zone need have.
export function whenAt(at, offset) {
  return plain(format(kindOf(at), "UTC").format(at + offset * MINUTE));
}

export function zoneName() {
  return zone.local ? browserZone() : "UTC";
}

export function browserZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone ?? "local time";
}

export function offsetText(offset) {
  const size = Math.abs(offset);
  const two = (number) => String(number).padStart(2, "0");
  return `${offset < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

// The midnights that the days of a week from today on begin and end with; one may have 23 hours.
export function midnights(at = now()) {
  const day = new Date(at);
  return [...Array(8).keys()].map((add) => zone.local
    ? new Date(day.getFullYear(), day.getMonth(), day.getDate() + add).getTime()
    : Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate() + add));
}

export function span(length) {
  const minutes = Math.max(0, Math.round(length / MINUTE));
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  if (days > 730) return `${Math.round(days / 365.25)} years`;
  if (days) return hours ? `${days} d ${hours} h` : `${days} d`;
  if (hours) return rest ? `${hours} h ${rest} min` : `${hours} h`;
  return `${rest} min`;
}

export function fromNow(at) {
  return at >= now() ? `in ${span(at - now())}` : `${span(now() - at)} ago`;
}
