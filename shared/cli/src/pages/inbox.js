// /inbox: the mails that were sent, as a person sees them. Everything shown is set as text, never as markup;
// a mail's own HTML stays in a frame that may neither run scripts nor reach this page.
"use strict";

const POLL_MS = 2000;
const TABS = ["html", "text", "headers"];

const byId = (id) => document.getElementById(id);
const number = new Intl.NumberFormat();
const clockTime = new Intl.DateTimeFormat(undefined, { timeStyle: "short", hourCycle: "h23" });
const dayTime = new Intl.DateTimeFormat(undefined, {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});
const fullTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });

let mails = [];
let fingerprint = "";
let chosen = "";
let tab = "html";
let isFirst = true;
const read = new Set();

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

const text = (value) => (typeof value === "string" ? value : "");

function idInAddress() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

function setLamp(state, words) {
  const lamp = byId("lamp");
  if (lamp.dataset.state === state) return;
  lamp.dataset.state = state;
  lamp.textContent = words;
}

function entry(mail, newest) {
  const item = make("li");
  const link = make("a", "letter");
  link.href = `#${encodeURIComponent(mail.id)}`;
  link.dataset.id = mail.id;
  const top = make("div", "top");
  // The newest mail's day is today to the reader, also when the server's clock runs ahead.
  const isSameDay = new Date(mail.at).toDateString() === new Date(newest).toDateString();
  const time = make("time", "", (isSameDay ? clockTime : dayTime).format(mail.at));
  time.dateTime = new Date(mail.at).toISOString();
  top.append(make("span", "to", text(mail.to)), time);
  link.append(top, make("div", "subject", text(mail.subject) || "(no subject)"));
  link.append(make("div", "snippet", text(mail.text).replace(/\s+/g, " ").trim().slice(0, 140)));
  item.append(link);
  return item;
}

function showList() {
  const focused = document.activeElement?.closest?.(".letter")?.dataset.id;
  byId("list").replaceChildren(...mails.map((mail) => entry(mail, mails[0].at)));
  markList();
  if (focused) [...document.querySelectorAll(".letter")].find((link) => link.dataset.id === focused)?.focus();
}

function markList() {
  for (const link of document.querySelectorAll(".letter")) {
    if (link.dataset.id === chosen) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    link.toggleAttribute("data-new", !read.has(link.dataset.id));
  }
  const unread = mails.filter((mail) => !read.has(mail.id)).length;
  byId("count").textContent = `${number.format(mails.length)}${unread ? ` · ${number.format(unread)} new` : ""}`;
  document.title = `${unread ? `(${unread}) ` : ""}Beckon · inbox`;
}

function choose(id) {
  const mail = mails.find((mail) => mail.id === id);
  if (!mail || chosen === id) return;
  chosen = id;
  read.add(id);
  byId("nothing").hidden = true;
  byId("head").hidden = byId("tabs").hidden = false;
  byId("subject").textContent = text(mail.subject) || "(no subject)";
  byId("from").textContent = text(mail.from);
  byId("to").textContent = text(mail.to);
  byId("date").textContent = fullTime.format(mail.at);
  byId("episode").textContent = text(mail.episode);
  byId("episode").hidden = byId("episode").previousElementSibling.hidden = !text(mail.episode);
  byId("text").textContent = text(mail.text);
  byId("headers").replaceChildren(...(Array.isArray(mail.headers) ? mail.headers : []).map(([name, value]) => {
    const line = make("tr");
    const head = make("th", "", String(name));
    head.scope = "row";
    line.append(head, make("td", "", String(value)));
    return line;
  }));
  showFrame(mail);
  showTab(tab);
  markList();
}

// A new frame for each mail: navigating one frame would fill the browser's history.
function showFrame(mail) {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "");
  frame.title = `The mail “${text(mail.subject)}” as HTML`;
  frame.src = `/inbox/mails/${encodeURIComponent(mail.id)}/html`;
  byId("sheet-html").replaceChildren(frame);
}

function showTab(name) {
  tab = name;
  for (const other of TABS) {
    const button = byId(`tab-${other}`);
    button.setAttribute("aria-selected", String(other === name));
    button.tabIndex = other === name ? 0 : -1;
    byId(`sheet-${other}`).hidden = other !== name;
  }
  byId("phone").hidden = name !== "html";
}

function show(list) {
  const seen = list.map((mail) => `${mail.id}/${mail.at}`).join("\n");
  if (seen === fingerprint) return;
  fingerprint = seen;
  mails = list;
  byId("empty").hidden = mails.length > 0;
  byId("mailbox").hidden = mails.length === 0;
  if (mails.length === 0) return;
  // What was here before the page was opened is not new; a mail that is being read stays open.
  if (isFirst) mails.slice(1).forEach((mail) => read.add(mail.id));
  if (!mails.some((mail) => mail.id === chosen)) {
    chosen = "";
    const wanted = idInAddress();
    choose(mails.some((mail) => mail.id === wanted) ? wanted : mails[0].id);
  }
  showList();
}

async function poll() {
  try {
    if (!document.hidden || isFirst) {
      const answer = await fetch("/inbox/mails", { cache: "no-store" });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const list = await answer.json();
      show((Array.isArray(list) ? list : []).filter((mail) => typeof mail?.id === "string" && Number.isFinite(mail.at)));
      isFirst = false;
      setLamp("on", "connected");
    }
  } catch {
    setLamp("lost", "connection lost, retrying");
  }
  setTimeout(poll, POLL_MS);
}

window.addEventListener("hashchange", () => {
  choose(idInAddress());
  byId("subject").focus({ preventScroll: true });
  // On a narrow screen the mail is below the list.
  if (byId("mail").getBoundingClientRect().top > innerHeight / 3) byId("mail").scrollIntoView();
});
byId("list").addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const links = [...document.querySelectorAll(".letter")];
  const next = links[links.indexOf(document.activeElement) + step];
  if (!step || !next) return;
  event.preventDefault();
  next.focus();
});
document.querySelector('[role="tablist"]').addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  showTab(TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length]);
  byId(`tab-${tab}`).focus();
});
for (const name of TABS) byId(`tab-${name}`).addEventListener("click", () => showTab(name));
byId("phone").addEventListener("click", () => {
  const isPhone = byId("sheet-html").classList.toggle("phone");
  byId("phone").setAttribute("aria-pressed", String(isPhone));
});
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

poll();
