/** Types of beckon.js, the client for pages. What the options do: README.md beside this file. */

/** The page that asks. */
export interface Page {
  type?: "HOME" | "CATEGORY" | "PRODUCT" | "CART" | "OTHER";
  /** The product that the page shows. */
  productId?: string | number;
  /** The category that the page shows. */
  category?: string;
}

/** Choices of consent, as events carry them. */
export interface Consent {
  analytics?: boolean;
  personalization?: boolean;
  marketing_email?: boolean;
}

/** What goes with every request, beside the page. */
export interface Context {
  locale?: string;
  /** An IANA name, such as `Europe/Berlin`. */
  timezone?: string;
  consent?: Consent;
  /** Who the visitor is, signed by the shop's server. */
  beckon?: { token: string };
}

/** One product of a decision. */
export interface Item {
  productId: string;
  /** Why it is there: `similar`, `for_you`, `store_best_seller`, … */
  source: string;
  name?: string;
  /** Amount and currency: `49.00 EUR`. */
  price?: string;
  /** As the shop told it: check it before it becomes a link. */
  url?: string;
  /** As the shop told it: check it before it becomes an image. */
  imageUrl?: string;
}

/** Content of a decision. */
export interface Offer {
  id: string;
  title: string;
  text?: string;
  /** As the ruleset has it: check it before it becomes a link. */
  url?: string;
}

/** The experiment that a decision belongs to. */
export interface Experiment {
  key: string;
  variant: string;
  run?: number;
  inExperiment?: boolean;
  /** `client`: the exposure is the page's `Experiment Viewed`. */
  activation?: "server" | "client";
}

/** What to show in one slot. */
export interface Decision {
  decisionId: string;
  slotId: string;
  type: "recommendations" | "offer";
  items?: Item[];
  offer?: Offer;
  reason: { code: string; ruleId?: string; row?: number };
  fallback: { used: boolean; filled: number };
  /** How long it may be shown, in seconds. */
  ttlSeconds: number;
  experiment?: Experiment;
}

/** What to put into an element: it replaces what is there. Texts become texts, never HTML. Nothing: it is done already. */
export type Content = Node | string | (Node | string)[] | null | undefined | void;

/** An element to fill. */
export interface Slot {
  /** The slot's id in the ruleset. */
  id: string;
  /** Where it goes; a slot whose element is missing is left out. */
  element: HTMLElement | null;
  /** How many items, from 1 to 50; the ruleset's count when left out. */
  count?: number;
  excludeProductIds?: (string | number)[];
  /** Instead of the default rendering. */
  render?: Render;
  /** Instead of what is in the element. */
  fallback?: (slot: FilledSlot) => Content;
}

/** A slot whose element is there. */
export interface FilledSlot extends Slot {
  element: HTMLElement;
}

export type Render = (slot: FilledSlot, decision: Decision) => Content;

/** The part of analytics.js that is used. */
export interface Analytics {
  track(event: string, properties?: object): unknown;
  addSourceMiddleware?(middleware: (chain: { payload: any; next: (payload: any) => void }) => void): unknown;
}

export interface Options {
  /** The publishable key, `pk_…`. */
  writeKey: string;
  /** The API with its version, `https://beckon.shop.example/v1/`; where this module came from when left out. */
  url?: string | URL;
  /** How long a page waits for decisions, in milliseconds: 300 when left out. */
  timeout?: number;
  page?: Page;
  context?: Context;
  /** The customer; believed with a token in the context only. */
  userId?: string;
  /** Asked each time. While it is not true nothing is stored, no event is sent, and decisions are asked without an id. */
  consent?: () => unknown;
  /** analytics.js; `window.analytics` when left out. */
  analytics?: Analytics;
  /** Instead of the default rendering, for every slot without one of its own. */
  render?: Render;
}

export interface Beckon {
  /**
   * Fills slots: these, or every element with `data-beckon-slot`. Asks once, and never rejects; without an answer in time
   * each slot has its fallback, and the decisions are none.
   */
  show(what?: { slots?: Slot[]; page?: Page }): Promise<Decision[]>;
  /** Sends an event through analytics.js, or by itself. Never throws. */
  track(event: string, properties?: object): void;
  /** The id of the browser, which analytics.js has too; undefined without consent. */
  anonymousId(): string | undefined;
}

/** Begins. Nothing is asked before `show`. */
export function start(options: Options): Beckon;
