// beckon.js loaded from the API, an origin of its own: where to ask follows from where it came from.
import { asked, key, run, same, slot } from "/bench.js";

async function itAsksWhereItCameFrom() {
  const { start } = await import(`${asked.get("api")}/v1/beckon.js`);
  const element = slot("home.hero");
  await start({ writeKey: key, timeout: 20_000 }).show();
  same("decided", element.dataset.beckon, "decided");
}

run([itAsksWhereItCameFrom]);
