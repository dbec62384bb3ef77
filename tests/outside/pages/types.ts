// What a page in TypeScript writes, held against beckon.d.ts.
import { start, type Decision, type Options, type Slot } from "../../../functions/decisions/client/beckon.js";

const options: Options = { writeKey: "pk_a", page: { type: "PRODUCT", productId: 7 }, consent: () => true };
const beckon = start({ ...options, url: new URL("https://beckon.shop.example/v1/"), timeout: 250 });
const slots: Slot[] = [
  { id: "home.hero", element: document.querySelector<HTMLElement>("#hero"), count: 4, excludeProductIds: ["mug", 7] },
  { id: "pdp.related", element: document.body, fallback: () => "Nothing yet" },
  {
    id: "home.for-you",
    element: document.body,
    render: (slot, decision) => {
      slot.element.append(decision.items?.[0]?.name ?? decision.offer?.title ?? "");
    },
  },
];
const decisions: Promise<Decision[]> = beckon.show({ slots });
beckon.track("Product Added", { product_id: "mug" });
const id: string | undefined = beckon.anonymousId();
void [decisions, id, beckon.show(), start({ writeKey: "pk_a", analytics: { track: () => undefined } })];

// @ts-expect-error: a key is needed
start({});
// @ts-expect-error: no such kind of page
start({ writeKey: "pk_a", page: { type: "BASKET" } });
// @ts-expect-error: a consent is asked for each time, so it is a function
start({ writeKey: "pk_a", consent: true });
// @ts-expect-error: a slot has an id
void beckon.show({ slots: [{ element: document.body }] });
