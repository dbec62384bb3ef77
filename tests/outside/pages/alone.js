// beckon.js alone in a page whose policy takes scripts of its own origin only, against `beckon serve` and against an API
// that is slow, gone, broken or hostile.
import { answered, api, clear, errors, get, key, must, pass, requests, run, same, seconds, sent, slot, until } from "/bench.js";
import * as module from "/beckon.js";

const { start } = module;
const here = (name) => `${location.origin}/${name}/v1/`;
const open = (more) => start({ writeKey: key, url: api, timeout: 20_000, ...more });
const stored = () => localStorage.getItem("ajs_anonymous_id");
const waiting = (count) => until(`${count} elements are seen`, () => seconds.waiting.size === count);
/** An observer that has something to tell tells it within these. */
const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))));
const fallen = (element, text) => {
  same("the fallback", [element.textContent, element.dataset.beckon, element.style.visibility], [text, "fallback", ""]);
};

async function nothingBeforeConsent() {
  same("the module's exports", Object.keys(module), ["start"]);
  let consents = false;
  const element = slot("home.hero"), beckon = open({ consent: () => consents });
  await beckon.show();
  same("state", element.dataset.beckon, "decided");
  await waiting(1);
  pass();
  element.querySelector("a").click();
  same("requests", requests.map(({ path, body }) => [path, body.anonymousId]), [["/v1/decisions", undefined]]);
  same("what is stored", [localStorage.length, document.cookie, beckon.anonymousId()], [0, "", undefined]);
  consents = true;
  const id = beckon.anonymousId();
  must("an id after consent", /^[0-9-]{20,}$/.test(id) && JSON.parse(stored()) === id, id);
}

async function slotsRenderWithoutFlicker() {
  const hero = slot("home.hero"), more = slot("home.for-you"), changes = [];
  hero.dataset.beckonCount = "2";
  new MutationObserver((all) => changes.push(...all)).observe(document.querySelector("main"), { childList: true, subtree: true });
  const beckon = open({ page: { type: "HOME" } }), shown = beckon.show();
  same("hidden while asked", [hero.style.visibility, hero.textContent], ["hidden", "what everybody sees"]);
  const decisions = await shown;
  same("decided", decisions.map((one) => one.slotId), ["home.hero", "home.for-you"]);
  same("one request", requests.map(({ path, body }) => [path, body.slots, body.context.page]),
    [["/v1/decisions", [{ id: "home.hero", count: 2 }, { id: "home.for-you" }], { type: "HOME" }]]);
  must("a text, which needs no preflight", !requests[0].init.headers);
  same("items", hero.querySelectorAll("ul.beckon-items > li.beckon-item").length, 2);
  const { productId, name, price, url } = decisions[0].items[0], first = hero.querySelector("li");
  same("an item", [first.dataset.productId, first.querySelector(".beckon-name").textContent,
    first.querySelector(".beckon-price").textContent, first.querySelector("a").href], [productId, name, price, url]);
  same("seen again", [hero.style.visibility, more.style.visibility, more.dataset.beckon], ["", "", "decided"]);
  await until("changes are told", () => changes.length);
  same("each slot changed once", changes.map(({ target }) => target.dataset.beckonSlot), ["home.hero", "home.for-you"]);
}

async function anImpressionIsOneAndOfWhatIsVisible() {
  const top = slot("home.hero"), space = slot("unasked");
  delete space.dataset.beckonSlot;
  space.style.height = "4000px";
  const low = slot("home.for-you"), beckon = open();
  const [first, second] = await beckon.show();
  await waiting(1);
  same("before a second has passed", sent("Decision Viewed"), []);
  same("it passes for one", pass(), 1);
  same("seen", sent("Decision Viewed"), [{ decision_id: first.decisionId, slot_id: "home.hero",
    ...first.reason.ruleId && { rule_id: first.reason.ruleId },
    products: first.items.map(({ productId }) => ({ product_id: productId })),
    source: [...new Set(first.items.map(({ source }) => source))].join() }]
    .map((of) => JSON.parse(JSON.stringify(of))));
  low.scrollIntoView();
  await waiting(1);
  scrollTo(0, 0);
  await waiting(0);
  same("away within the second", [pass(), sent("Decision Viewed").length], [0, 1]);
  low.scrollIntoView();
  await waiting(1);
  pass();
  scrollTo(0, 0);
  low.scrollIntoView();
  await frames();
  pass();
  same("each once", sent("Decision Viewed").map((of) => of.decision_id), [first.decisionId, second.decisionId]);
  const { body, init } = requests.at(-1);
  same("as it is sent", [body.messageId, body.anonymousId, body.writeKey, body.context.userAgent, init.keepalive],
    [`${second.decisionId}.viewed`, beckon.anonymousId(), key, navigator.userAgent, true]);
  // Something higher than two screens can never be seen by half.
  clear();
  const high = slot("home.hero");
  await beckon.show({ slots: [{ id: "home.hero", element: high, render: () => {
    const node = document.createElement("div");
    node.style.height = `${innerHeight * 5}px`;
    return node;
  } }] });
  await waiting(1);
  same("half a screen is enough", [pass(), sent("Decision Viewed").length, top.isConnected], [1, 1, false]);
}

async function aSecondIsASecond() {
  slot("home.hero");
  seconds.isHeld = false;
  await open().show();
  const began = performance.now();
  await until("it is seen", () => sent("Decision Viewed").length);
  const ms = performance.now() - began;
  seconds.isHeld = true;
  must("not before a second", ms >= 950, ms);
}

async function aClickIsToldAndLaterEventsNameIt(result) {
  const element = slot("home.hero"), beckon = open();
  const [{ decisionId, items }] = await beckon.show(), product = items[0].productId;
  element.querySelector("li a").click();
  same("a click was seen before", requests.slice(1).map(({ body }) => [body.event, body.properties.decision_id]),
    [["Decision Viewed", decisionId], ["Decision Clicked", decisionId]]);
  same("the click", [sent("Decision Clicked")[0].product_id, sent("Decision Clicked")[0].source], [product, items[0].source]);
  const added = (product_id, more) => {
    beckon.track("Product Added", { product_id, price: 10, ...more });
    return sent("Product Added").at(-1).decision_id;
  };
  same("the product, another, one that names its own", [added(product), added("another"), added(product, { decision_id: "own" })],
    [decisionId, undefined, "own"]);
  beckon.track("Checkout Started", { products: [{ product_id: "another" }, { product_id: product }] });
  same("a list", sent("Checkout Started")[0].decision_id, decisionId);
  const held = JSON.parse(localStorage.getItem("beckon_clicks"));
  const put = (clicks, seen) => localStorage.setItem("beckon_clicks", JSON.stringify({ seen, clicks }));
  const hours = 3_600_000, now = Date.now(), [click] = held.clicks;
  put([[click[0], click[1], now - 23.9 * hours]], now);
  same("within a day", added(product), decisionId);
  put([[click[0], click[1], now - 24.1 * hours]], now);
  same("after a day", added(product), undefined);
  put([click], now - 0.51 * hours);
  same("after the session", added(product), undefined);
  localStorage.setItem("beckon_clicks", "{broken");
  same("with what is no list", added(product), undefined);
  put(held.clicks, now);
  same("the last click of a product counts", held.clicks.length, 1);
  result.clicked = { product, decisionId };
  await answered();
}

async function withoutAnAnswerThereIsTheFallback() {
  const element = slot("home.hero", "shown to all"), made = slot("home.for-you");
  const slots = [{ id: "home.hero", element }, { id: "home.for-you", element: made, fallback: () => "from a function" },
    { id: "home.none", element: null }];
  const late = start({ writeKey: key, url: here("held"), timeout: 50 });
  same("too late", await late.show({ slots }), []);
  fallen(element, "shown to all");
  fallen(made, "from a function");
  await get("/release");
  await until("the late answer is over", async () => (await (await get("/released")).text()) === "1");
  fallen(element, "shown to all");
  for (const [name, url] of [["gone", "http://127.0.0.1:1/v1/"], ["refused", here("refused")], ["broken", here("broken")],
    ["strange", here("strange")]]) {
    same(name, await start({ writeKey: key, url, timeout: 20_000 }).show({ slots }), []);
    fallen(element, "shown to all");
  }
  await open().show({ slots: [{ id: "home.unknown", element }] });
  fallen(element, "shown to all");
  same("nothing is seen", [seconds.waiting.size, sent("Decision Viewed")], [0, []]);
  // What was decided before gives way to what the page had.
  await open().show({ slots: [slots[0]] });
  same("decided", element.dataset.beckon, "decided");
  await start({ writeKey: key, url: here("refused") }).show({ slots: [slots[0]] });
  fallen(element, "shown to all");
}

async function aRenderingThatFailsIsAFallback() {
  const element = slot("home.hero", "shown to all");
  await open({ render: ({ element: inside }) => {
    inside.textContent = "half";
    throw new Error("of the page");
  } }).show();
  fallen(element, "shown to all");
  const own = open({ render: (_, { items }) => items.map(({ productId }) => `<b>${productId}</b>`) });
  const [{ items }] = await own.show();
  same("own texts are texts", [element.textContent, element.childElementCount],
    [items.map(({ productId }) => `<b>${productId}</b>`).join(""), 0]);
  same("a page that asks for nonsense", await own.show({ slots: 7 }), []);
}

async function theLaterAskingWins() {
  const element = slot("home.hero"), slow = start({ writeKey: key, url: here("held"), timeout: 20_000 }).show();
  await until("it is held", async () => (await (await get("/holding")).text()) !== "0");
  const [{ decisionId }] = await open().show();
  await get("/release");
  await slow;
  await waiting(1);
  pass();
  same("the later one stays", sent("Decision Viewed").map((of) => of.decision_id), [decisionId]);
  must("in place", !element.textContent.includes("hostile") && element.dataset.beckon === "decided");
}

async function hostileTextsAreTexts() {
  const names = ["hostile.items", "hostile.offer", "hostile.link", "hostile.experiment", "hostile.outside"];
  const elements = names.map((name) => slot(name));
  await start({ writeKey: key, url: here("fake"), timeout: 20_000 }).show();
  const [items, offer, link] = elements;
  same("no script, no frame, no handler", document.querySelectorAll("main :is(script,iframe,svg,[onerror],[onload])").length, 0);
  const addresses = [...document.querySelectorAll("main [href], main [src]")].map((node) => node.href ?? node.src);
  same("addresses", addresses, [`${location.origin}/p/mug`, `${location.origin}/pic.png`, "https://shop.example/o?a=%22%3E"]);
  must("the text is there", items.textContent.includes("<img src=x onerror=alert(1)>"), items.textContent);
  must("and in an offer", offer.textContent.includes("<script>hacked=1</script>"), offer.textContent);
  same("an offer with an address, and one without", [link.firstChild.tagName, offer.firstChild.tagName], ["A", "DIV"]);
  same("nothing ran", window.hacked, undefined);
  await until("all are seen", () => seconds.waiting.size === elements.length);
  pass();
  const of = (name) => sent(name).filter((event) => event.experiment_id);
  same("an exposure that the page tells", of("Experiment Viewed"), [{ experiment_id: "hero-copy", variation_id: "b" }]);
  const decisions = of("Decision Viewed").map((event) => [event.slot_id, event.experiment_id, event.variation_id]);
  same("the experiment of a decision, whichever the browser saw first", decisions.sort(),
    [["hostile.experiment", "hero-copy", "b"], ["hostile.items", "other", "a"]]);
  const events = requests.map(({ body }) => body.event);
  must("the exposure comes first", events.indexOf("Experiment Viewed") < events.lastIndexOf("Decision Viewed"), events);
}

async function withoutStorageThereIsACookie() {
  const id = open().anonymousId(), set = Storage.prototype.setItem;
  localStorage.removeItem("ajs_anonymous_id");
  Storage.prototype.setItem = () => { throw new Error("full"); };
  const fresh = (await import("/beckon.js?fresh")).start({ writeKey: key, url: api });
  const other = fresh.anonymousId();
  Storage.prototype.setItem = set;
  same("the cookie", [document.cookie, fresh.anonymousId()], [`ajs_anonymous_id=${other}`, other]);
  must("another id", other !== id && stored() === null);
  document.cookie = "ajs_anonymous_id=;path=/;max-age=0";
  localStorage.setItem("ajs_anonymous_id", JSON.stringify(id));
  same("as before", [open().anonymousId(), errors], [id, []]);
}

run([nothingBeforeConsent, slotsRenderWithoutFlicker, anImpressionIsOneAndOfWhatIsVisible, aSecondIsASecond,
  withoutAnAnswerThereIsTheFallback, aRenderingThatFailsIsAFallback, theLaterAskingWins, hostileTextsAreTexts,
  withoutStorageThereIsACookie, aClickIsToldAndLaterEventsNameIt]);
