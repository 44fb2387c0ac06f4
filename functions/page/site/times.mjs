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

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function two(number) {
  return String(number).padStart(2, "0");
}

// By hand, for `Intl.DateTimeFormat` takes ten milliseconds to make, for each form of a date.
function inUtc(at) {
  const date = new Date(at);
  return {
    weekday: WEEKDAYS[date.getUTCDay()], date: `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`, year: date.getUTCFullYear(),
    time: `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`,
  };
}

function inBrowser(at) {
  const date = new Date(at);
  return {
    weekday: WEEKDAYS[date.getDay()], date: `${date.getDate()} ${MONTHS[date.getMonth()]}`, year: date.getFullYear(),
    time: `${two(date.getHours())}:${two(date.getMinutes())}`,
  };
}

function partsOf(at, local = zone.local) {
  return local ? inBrowser(at) : inUtc(at);
}

// Near, the day of the week says most; far away, the year does.
function written({ weekday, date, year, time }, at) {
  return Math.abs(at - now()) > FAR ? `${date} ${year} ${time}` : `${weekday} ${date} ${time}`;
}

export function when(at, local = zone.local) {
  return written(partsOf(at, local), at);
}

export function weekdayOf(at) {
  return partsOf(at).weekday;
}

export function dateOf(at) {
  return partsOf(at).date;
}

export function timeOf(at) {
  return partsOf(at).time;
}

// At a fixed offset, which no named zone need have.
export function whenAt(at, offset) {
  return written(inUtc(at + offset * MINUTE), at);
}

export function zoneName() {
  return zone.local ? browserZone() : "UTC";
}

export function browserZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone ?? "local time";
}

export function offsetText(offset) {
  const size = Math.abs(offset);
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
