// What the parts of the test share: every request and error is written down before beckon.js is loaded, seconds pass when a
// part says so, and nothing is waited for but a condition.
export const asked = new URLSearchParams(location.hash.slice(1));
export const api = `${asked.get("api")}/v1/`, key = asked.get("key");
export const requests = [], errors = [];
const all = [];
let open = 0;

addEventListener("error", (event) => errors.push(`error: ${event.message}`));
addEventListener("unhandledrejection", (event) => errors.push(`rejection: ${event.reason}`));
document.addEventListener("securitypolicyviolation", (event) => errors.push(`policy: ${event.blockedURI}`));
// A click leads nowhere, so that the page stays.
addEventListener("click", (event) => event.preventDefault());

const reallyFetch = window.fetch;
window.fetch = (url, init) => {
  if (init?.body) {
    const request = { path: new URL(url).pathname, body: JSON.parse(init.body), init };
    requests.push(request);
    all.push(request);
  }
  open += 1;
  const answered = reallyFetch(url, init);
  answered.catch(() => {}).finally(() => { open -= 1; });
  return answered;
};
/** Waits until every request is answered or has failed. */
export const answered = () => until("all is answered", () => open === 0);
export const get = (url) => reallyFetch(url);
/** The events of a name that were sent, by their properties. */
export const sent = (name) => requests.filter(({ body }) => body.event === name).map(({ body }) => body.properties);

const reallyWait = window.setTimeout, reallyClear = window.clearTimeout;
export const seconds = { isHeld: true, waiting: new Map() };
let number = 1e9;
window.setTimeout = (act, ms, ...rest) => {
  if (ms !== 1000 || !seconds.isHeld) return reallyWait(act, ms, ...rest);
  seconds.waiting.set(++number, act);
  return number;
};
window.clearTimeout = (timer) => seconds.waiting.delete(timer) || reallyClear(timer);
/** Lets the second pass for whatever waits for it. */
export const pass = () => {
  const acts = [...seconds.waiting.values()];
  seconds.waiting.clear();
  acts.forEach((act) => act());
  return acts.length;
};

export async function until(what, holds) {
  for (let turn = 0; turn < 1500; turn += 1) {
    const held = await holds();
    if (held) return held;
    await new Promise((done) => reallyWait(done, 20));
  }
  throw new Error(`in vain: ${what}`);
}

let count = 0;
/** Says that something must be so. */
export function must(what, is, shown = "") {
  count += 1;
  if (!is) throw new Error(`${what}: ${JSON.stringify(shown)}`);
}
export const same = (what, got, wanted) => must(what, JSON.stringify(got) === JSON.stringify(wanted), { got, wanted });

/** An element with a slot in a page of nothing else. */
export function slot(id, text = "what everybody sees") {
  const element = document.createElement("section");
  element.dataset.beckonSlot = id;
  element.textContent = text;
  document.querySelector("main").append(element);
  return element;
}
export const clear = () => {
  document.querySelector("main").replaceChildren();
  requests.length = 0;
  seconds.waiting.clear();
};

/** Runs the steps of a part and tells how they ended. */
export async function run(steps) {
  const result = {};
  let name = "";
  try {
    for (const step of steps) {
      name = step.name;
      clear();
      await step(result);
      same(`errors in ${name}`, errors, []);
    }
    const views = all.filter(({ body }) => body.event === "Decision Viewed").map(({ body }) => body.properties.decision_id);
    result.views = views.filter((id) => !id.startsWith("fake-"));
    result.passed = steps.length;
    result.checks = count;
  } catch (error) {
    result.failed = `${name}: ${error.message ?? error}`;
  }
  const answer = await reallyFetch("/said", { method: "POST", body: JSON.stringify(result) });
  const next = await answer.text();
  if (next && !result.failed) location.assign(`/${next}/${location.hash}`);
}
