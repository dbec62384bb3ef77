// beckon.js beside analytics.js, on the same origin as the page before: the same browser.
import { answered, api, asked, key, must, pass, requests, run, same, sent, slot, until } from "/bench.js";
import { start } from "/beckon.js";

const before = JSON.parse(localStorage.getItem("ajs_anonymous_id"));

async function load() {
  await new Promise((done, failed) => {
    const script = Object.assign(document.createElement("script"), { src: "/umd/index.js", onload: done, onerror: failed });
    document.head.append(script);
  });
  window.analytics = AnalyticsNext.AnalyticsBrowser.load({ writeKey: key, cdnURL: asked.get("api") });
}

async function bothHaveOneId(result) {
  const beckon = start({ writeKey: key, url: api });
  same("kept since the page before", beckon.anonymousId(), before);
  await load();
  const [loaded] = await window.analytics;
  same("analytics.js has it, too", loaded.user().anonymousId(), before);
  loaded.setAnonymousId("made-by-analytics");
  same("and the other way round", beckon.anonymousId(), "made-by-analytics");
  loaded.setAnonymousId(before);
  result.visitor = before;
}

async function eventsGoThroughIt(result) {
  const element = slot("home.hero"), beckon = start({ writeKey: key, url: api, timeout: 20_000 });
  const [{ decisionId, items }] = await beckon.show();
  await until("it is seen and sent", () => {
    pass();
    return sent("Decision Viewed").length;
  });
  element.querySelector("li a").click();
  await until("the click is sent", () => sent("Decision Clicked").length);
  same("by analytics.js", requests.slice(1).map(({ path, body }) => [path, body.anonymousId]),
    [["/v1/t", before], ["/v1/t", before]]);
  const properties = { product_id: items[0].productId, price: 10, currency: "EUR" };
  await window.analytics.track("Product Added", properties);
  await window.analytics.track("Product Added", { product_id: "another", price: 10, currency: "EUR" });
  same("a later event names its decision", sent("Product Added").map((of) => of.decision_id), [decisionId, undefined]);
  must("what the page gave is as it was", !("decision_id" in properties), properties);
  await window.analytics.page("Home");
  await answered();
  result.clicked = { product: items[0].productId, decisionId };
}

run([bothHaveOneId, eventsGoThroughIt]);
