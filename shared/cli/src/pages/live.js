// /live: four streams of what happens, newest first. Everything shown is set as text, never as markup.
"use strict";

const ROWS_MAX = 200; // rows in the page, for each stream
const KEPT_MAX = 1000; // items in memory, for each stream: what a filter can still find
const FACTS_SHOWN = 4; // facts of an item before "more"
const FLUSH_MS = 150; // a busy shop sends hundreds of items a second; people read a few
const RETRY_MS = 3000;
const STREAMS = ["event", "profile", "decision", "mail"];

const byId = (id) => document.getElementById(id);
const number = new Intl.NumberFormat();
const clockTime = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
const fullTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });

const streams = new Map(STREAMS.map((kind) => {
  const section = document.querySelector(`[data-stream="${kind}"]`);
  return [kind, {
    items: [], // newest first
    waiting: [], // not yet in the page, oldest first
    keys: new Set(),
    rows: section.querySelector(".rows"),
    count: section.querySelector(".count"),
    hint: section.querySelector(".hint"),
  }];
}));
let filter = "";
let paused = false;
let skipped = 0;
let flushTimer = null;

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

// The same profile has the same colour in every stream.
function hue(text) {
  let hash = 2166136261;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
  return (hash >>> 0) % 360;
}

function words(value) {
  if (Array.isArray(value)) return value.length ? value.map(words).join(", ") : "none";
  if (value === true) return "yes";
  if (value === false) return "no";
  if (value === null || value === undefined) return "none";
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

function facts(entries) {
  const list = make("dl", "facts");
  for (const [name, value] of entries) {
    const pair = make("div");
    pair.append(make("dt", "", name.replaceAll("_", " ")), make("dd", "", words(value)));
    list.append(pair);
  }
  return list;
}

function row(item, fresh) {
  const node = make("li", fresh ? "row fresh" : "row");
  node.dataset.kind = item.kind;
  const top = make("div", "top");
  const time = make("time", "", clockTime.format(item.at));
  time.dateTime = new Date(item.at).toISOString();
  time.title = fullTime.format(item.at);
  top.append(make("span", "title", item.title), time);
  node.append(top);
  if (item.profile) {
    const who = make("button", "who");
    who.type = "button";
    who.dataset.profile = item.profile;
    who.title = `Show only ${item.profile}`;
    who.style.setProperty("--hue", hue(item.profile));
    who.append(make("b", "", item.profile));
    node.append(who);
  }
  // A mail's id is behind its link.
  const entries = Object.entries(item.detail).filter(([name]) => item.kind !== "mail" || name !== "id");
  // One fact behind a click costs more room than the fact.
  const shown = entries.length === FACTS_SHOWN + 1 ? entries.length : FACTS_SHOWN;
  if (entries.length) node.append(facts(entries.slice(0, shown)));
  if (entries.length > shown) {
    const rest = make("details");
    rest.append(make("summary", "", `${entries.length - shown} more`), facts(entries.slice(shown)));
    node.append(rest);
  }
  if (item.kind === "mail" && typeof item.detail.id === "string") {
    const open = make("a", "open", "Open in the inbox");
    open.href = `/inbox#${encodeURIComponent(item.detail.id)}`;
    node.append(open);
  }
  return node;
}

const matches = (item) => !item.held && (!filter || item.text.includes(filter));

function parse(data) {
  let message;
  try {
    message = JSON.parse(data);
  } catch {
    return null;
  }
  if (message === null || typeof message !== "object") return null;
  const detail = message.detail !== null && typeof message.detail === "object" ? message.detail : {};
  const at = Number.isFinite(message.at) ? message.at : 0;
  const profile = typeof message.profile === "string" ? message.profile : "";
  return { seq: message.seq, at, kind: String(message.kind), profile, title: String(message.title ?? ""), detail };
}

function receive(message) {
  const item = parse(message.data);
  if (!item) return;
  if (item.kind === "totals") {
    showTotals(item.detail);
    return;
  }
  const stream = streams.get(item.kind === "failed" ? "event" : item.kind);
  if (!stream) return;
  // After a lost connection the server tells its backlog again. Its numbers restart when it does, so time is in the key.
  item.key = `${item.seq}/${item.at}`;
  if (stream.keys.has(item.key)) return;
  stream.keys.add(item.key);
  const told = Object.entries(item.detail).map(([name, value]) => `${name} ${words(value)}`);
  item.text = [item.profile, item.title, item.kind, ...told].join("\n").toLowerCase();
  stream.items.unshift(item);
  while (stream.items.length > KEPT_MAX) stream.keys.delete(stream.items.pop().key);
  item.held = paused; // a pause freezes what is shown, also under a new filter
  if (paused) {
    skipped += 1;
  } else {
    stream.waiting.push(item);
    if (stream.waiting.length > ROWS_MAX) stream.waiting.shift();
  }
  flushTimer ??= setTimeout(flush, FLUSH_MS);
}

function flush() {
  flushTimer = null;
  byId("empty").hidden = true;
  byId("streams").hidden = byId("tools").hidden = false;
  for (const stream of streams.values()) {
    const fresh = stream.waiting.filter(matches).map((item) => row(item, stream.rows.childElementCount > 0)).reverse();
    stream.waiting = [];
    if (fresh.length) stream.rows.prepend(...fresh);
    while (stream.rows.childElementCount > ROWS_MAX) stream.rows.lastElementChild.remove();
    showCount(stream);
  }
  showNote();
}

function redraw() {
  for (const stream of streams.values()) {
    stream.waiting = [];
    stream.rows.replaceChildren(...stream.items.filter(matches).slice(0, ROWS_MAX).map((item) => row(item, false)));
    stream.rows.scrollTop = 0;
    showCount(stream);
  }
  showNote();
}

function showCount(stream) {
  const { length } = stream.items;
  const shown = stream.rows.childElementCount;
  stream.count.textContent = length === 0 ? "" : shown < length ? `${number.format(shown)} of the last ${number.format(length)}` : number.format(length);
  stream.rows.hidden = shown === 0;
  stream.hint.hidden = shown > 0;
  if (stream.hint.dataset.text === undefined) stream.hint.dataset.text = stream.hint.textContent;
  stream.hint.textContent = filter && length > 0 ? "Nothing here matches the filter." : stream.hint.dataset.text;
}

function showNote() {
  byId("pause").textContent = !paused ? "Pause" : skipped ? `Resume · ${number.format(skipped)} new` : "Resume";
  byId("note").textContent = paused ? "Paused. Everything goes on in the background." : "";
}

function showTotals(totals) {
  for (const name of ["events", "profiles", "decisions", "mails", "failed"]) {
    if (!Number.isFinite(totals[name])) continue;
    const node = byId(`total-${name}`);
    node.textContent = number.format(totals[name]);
    if (name === "failed") node.parentElement.toggleAttribute("data-alarm", totals[name] > 0);
  }
  if (Number.isFinite(totals.clock)) {
    const clock = byId("clock");
    const speed = Number.isFinite(totals.speed) && totals.speed !== 1 ? ` · ${number.format(totals.speed)}× speed` : "";
    clock.textContent = `${fullTime.format(totals.clock)}${speed}`;
    clock.hidden = false;
  }
  if (typeof totals.publishable_key === "string") showCurl(totals.publishable_key);
}

function showCurl(key) {
  const event = '{"anonymousId":"me","event":"Product Viewed","properties":{"product_id":"1"}}';
  byId("curl").textContent =
    `curl -u '${key}:' -H 'content-type: application/json' \\\n  -d '${event}' \\\n  ${location.origin}/v1/track`;
}

function setFilter(text) {
  filter = text.trim().toLowerCase();
  byId("clear").hidden = text === "";
  redraw();
}

function setLamp(state, text) {
  const lamp = byId("lamp");
  if (lamp.dataset.state === state) return;
  lamp.dataset.state = state;
  lamp.textContent = text;
}

function connect() {
  const source = new EventSource("/live/feed");
  source.addEventListener("open", () => setLamp("on", "connected"));
  source.addEventListener("message", receive);
  source.addEventListener("error", () => {
    setLamp("lost", "connection lost, retrying");
    // Browsers retry a cut connection, but give up on an error answer (a server that is just starting).
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
  });
}

byId("filter").addEventListener("input", (event) => setFilter(event.target.value));
byId("filter").addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.target.value = "";
  setFilter("");
});
byId("clear").addEventListener("click", () => {
  byId("filter").value = "";
  setFilter("");
  byId("filter").focus();
});
byId("pause").addEventListener("click", () => {
  paused = !paused;
  skipped = 0;
  for (const stream of streams.values()) for (const item of stream.items) item.held = false;
  byId("pause").setAttribute("aria-pressed", String(paused));
  redraw();
});
byId("streams").addEventListener("click", (event) => {
  const who = event.target.closest(".who");
  if (!who) return;
  byId("filter").value = who.dataset.profile;
  setFilter(who.dataset.profile);
  byId("filter").focus({ preventScroll: true });
});
document.querySelectorAll("[data-stream-of]").forEach((button, _, all) => button.addEventListener("click", () => {
  byId("streams").dataset.show = button.dataset.streamOf;
  for (const other of all) other.setAttribute("aria-pressed", String(other === button));
}));
document.querySelectorAll("[data-copy]").forEach((button) => button.addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(byId(button.dataset.copy).textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(byId(button.dataset.copy));
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}));

showCurl("YOUR_PUBLISHABLE_KEY");
connect();
