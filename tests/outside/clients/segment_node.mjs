// @segment/analytics-node: identify, page, track and a batch of 500. Arguments: host, key, id of the customer.
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.OUTSIDE_TOOLS, "node", "package.json"));
const { Analytics } = require("@segment/analytics-node");
const [host, writeKey, userId] = process.argv.slice(2);
const failures = [];
const analytics = new Analytics({ host, writeKey, flushAt: 500, flushInterval: 1000 });
analytics.on("error", (error) => failures.push(JSON.stringify(error)));

analytics.identify({ userId, traits: { plan: "outside" } });
analytics.page({ userId, name: "Home" });
analytics.track({ userId, event: "Outside Began" });
await analytics.flush();
for (let number = 0; number < 500; number += 1) {
  const properties = { product_id: `p${number % 7}`, price: 10, currency: "EUR" };
  analytics.track({ userId, event: "Product Viewed", properties });
}
await analytics.closeAndFlush({ timeout: 60_000 });
if (failures.length > 0) {
  console.error(failures.join("; "));
  process.exitCode = 1;
}
