// analytics.js: identify, page and track, each a request of its own, then 500 events as one batch. The fragment says
// where the settings come from, where the events go if not to where those say, the key and the visitor's id.
const asked = new URLSearchParams(location.hash.slice(1));

async function open(delivery) {
  const to = asked.get("to") ? { apiHost: asked.get("to"), protocol: "http" } : {};
  const [analytics] = await AnalyticsNext.AnalyticsBrowser.load(
    { writeKey: asked.get("key"), cdnURL: asked.get("settings") },
    { integrations: { "Segment.io": { ...to, ...delivery } } },
  );
  analytics.setAnonymousId(asked.get("visitor"));
  return analytics;
}

async function send() {
  const single = await open({});
  await single.identify({ plan: "outside" });
  await single.page("Home");
  await single.track("Outside Began");
  const batching = await open({ deliveryStrategy: { strategy: "batching", config: { size: 500, timeout: 1000 } } });
  for (let number = 0; number < 500; number += 1) {
    batching.track("Product Viewed", { product_id: `p${number % 7}`, price: 10, currency: "EUR" });
  }
}

send().catch((error) => fetch("/failed", { method: "POST", body: String(error) }));
