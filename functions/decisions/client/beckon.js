// Fills slots of a page with what Beckon decides. Options and events: README.md beside this file; types: beckon.d.ts.
// It is served without comments, indents and idle spaces, in 3,072 bytes at most as `gzip -9` makes them: so no comment
// behind code, no quote in a regular expression, no text over several lines.
const ID = "ajs_anonymous_id", CLICKS = "beckon_clicks";

// What goes wrong in here is told, and is never the page's problem.
const warn = (error) => console.warn("beckon:", error);
const safely = (act) => (...given) => {
  try { return act(...given); } catch (error) { warn(error); }
};

// In the form of analytics.js, so that both read one id.
const kept = (name) => {
  try { return JSON.parse(localStorage.getItem(name)); } catch {}
};
const keep = (name, value) => {
  try { localStorage.setItem(name, JSON.stringify(value)); } catch {}
};
const random = () => crypto.getRandomValues(new Uint32Array(4)).join("-");
let own;
const visitor = () => {
  const cookie = document.cookie.match(`(^|; )${ID}=([^;]+)`);
  own = cookie ? decodeURIComponent(cookie[2]).replaceAll("\x22", "") : kept(ID) || own;
  if (!own) {
    own = random();
    keep(ID, own);
    if (kept(ID) != own) document.cookie = `${ID}=${own};path=/;max-age=31536000;samesite=lax`;
  }
  return own;
};

// Products and the decisions in which they were clicked, newest first, as [product, decision, time]: of a day at most,
// and of one session, which ends after half an hour without an event. Later events of a product name its decision.
const clicked = () => {
  const held = kept(CLICKS), now = Date.now();
  return now - held?.seen < 18e5 ? held.clicks.filter(([, , at]) => now - at < 864e5) : [];
};
const remember = (clicks) => keep(CLICKS, { seen: Date.now(), clicks: clicks.slice(0, 50) });
const attributed = (properties) => {
  const clicks = clicked();
  if (clicks[0]) remember(clicks);
  const ids = [properties, ...properties?.products ?? []].map((product) => `${product?.product_id}`);
  const found = clicks.find(([id]) => ids.includes(id));
  return found ? { decision_id: found[1], ...properties } : properties;
};

// Texts are put in as texts, and an address leads to http or https.
const make = (tag, name, ...inside) => {
  const node = document.createElement(tag);
  node.className = `beckon-${name}`;
  node.append(...inside.filter(Boolean));
  return node;
};
const web = (address) => {
  const { protocol, href } = Object.assign(make("a"), { href: address || "no:" });
  return /^https?:$/.test(protocol) && href;
};
const link = (address, ...rest) => {
  const href = web(address);
  return Object.assign(make(href ? "a" : "div", ...rest), href && { href });
};
const row = ({ productId, url, imageUrl, name, price }) => {
  const src = web(imageUrl);
  const node = make("li", "item", link(url, "link", src && Object.assign(make("img", "image"), { src, alt: "" }),
    make("span", "name", name ?? productId), make("span", "price", price)));
  node.dataset.productId = productId;
  return node;
};
const draw = ({ offer, items }) => offer
  ? link(offer.url, "offer", make("strong", "title", offer.title), make("p", "text", offer.text))
  : make("ul", "items", ...items.map(row));

const area = (rect) => rect?.width * rect?.height;
// Calls `seen` when half of the element, or half a screen of it, was visible for a second.
const watch = (element, signal, seen) => {
  let timer, within;
  const look = () => {
    clearTimeout(timer);
    if (!within || document.hidden || signal.aborted) return;
    timer = setTimeout(() => {
      observer.disconnect();
      seen();
    }, 1000);
  };
  const observer = new IntersectionObserver((entries) => {
    const { isIntersecting, intersectionRatio, intersectionRect, rootBounds } = entries.pop();
    const is = isIntersecting && (intersectionRatio >= .5 || area(intersectionRect) * 2 >= area(rootBounds));
    if (is != within) {
      within = is;
      look();
    }
  }, { threshold: [0, .1, .2, .3, .4, .5] });
  observer.observe(element);
  document.addEventListener("visibilitychange", look, { signal });
  signal.onabort = () => {
    look();
    observer.disconnect();
  };
};

// The properties of an event about a decision, or about one product of it.
const told = ({ decisionId, slotId, reason, offer, items, experiment }, id) => {
  const within = experiment?.inExperiment !== false && experiment;
  const sources = items?.filter(({ productId }) => !id || productId == id).map(({ source }) => source);
  return {
    decision_id: decisionId, slot_id: slotId, rule_id: reason?.ruleId, offer_id: offer?.id, product_id: id,
    products: id ? undefined : items?.map(({ productId }) => ({ product_id: productId })),
    source: sources && [...new Set(sources)].join(), experiment_id: within?.key, variation_id: within?.variant,
  };
};

// Who fills an element now, and what the page had in it.
const turns = new WeakMap();

export function start(options = {}) {
  const { writeKey, userId, context, timeout = 300, url = new URL(".", import.meta.url) } = options;
  const allowed = safely(options.consent ?? (() => true));
  let hooked;

  // analytics.js, if it is there; its later events are attributed, too.
  const tracker = () => {
    const analytics = options.analytics ?? window.analytics;
    if (!analytics?.track) return;
    if (hooked != analytics) {
      hooked = analytics;
      const name = safely((event) => {
        if (event.type == "track" && allowed()) event.properties = attributed(event.properties);
      });
      Promise.resolve(analytics.addSourceMiddleware?.(({ payload, next }) => {
        name(payload.obj);
        next(payload);
      })).catch(warn);
    }
    return analytics;
  };
  const anonymousId = () => allowed() ? visitor() : undefined;
  // As a text, which needs no preflight.
  const post = (path, body, more) => fetch(url + path, {
    method: "POST", ...more,
    body: JSON.stringify({ writeKey, anonymousId: anonymousId(), ...body }),
  });
  const track = safely((event, properties, messageId = random()) => {
    if (!allowed()) return;
    const analytics = tracker();
    Promise.resolve(analytics ? analytics.track(event, properties) : post("track", {
      event, properties: attributed(properties), messageId,
      context: { ...context, page: { url: location.href }, locale: navigator.language, userAgent: navigator.userAgent },
    }, { keepalive: true })).catch(warn);
  });

  const ask = async (all, page) => {
    const control = new AbortController(), timer = setTimeout(() => control.abort(), timeout);
    try {
      const answer = await post("decisions", {
        userId, context: { ...context, page },
        slots: all.map(({ slot: { id, count, excludeProductIds } }) => ({ id, count, excludeProductIds })),
      }, { signal: control.signal });
      if (!answer.ok) throw answer.status;
      const { decisions } = await answer.json();
      return new Map(decisions.map((decision) => [decision.slotId, decision]));
    } catch (error) {
      warn(error);
      return new Map();
    } finally { clearTimeout(timer); }
  };

  const observe = (element, decision, signal) => {
    let isSeen;
    const seen = () => {
      const of = told(decision), { experiment_id, variation_id } = of;
      if (isSeen) return;
      isSeen = true;
      if (experiment_id && decision.experiment.activation == "client") {
        track("Experiment Viewed", { experiment_id, variation_id });
      }
      track("Decision Viewed", of, `${of.decision_id}.viewed`);
    };
    const click = safely(({ button, target }) => {
      const at = target.closest("a,button,[data-product-id]"), product = target.closest("[data-product-id]");
      if (button > 1 || !element.contains(at)) return;
      const id = element.contains(product) ? product.dataset.productId : undefined;
      if (id && allowed()) {
        remember([[id, decision.decisionId, Date.now()], ...clicked().filter(([product]) => product != id)]);
      }
      seen();
      track("Decision Clicked", told(decision, id));
    });
    for (const kind of ["click", "auxclick"]) element.addEventListener(kind, click, { capture: true, signal });
    watch(element, signal, seen);
  };

  const fill = ({ slot, signal, before }, decision) => {
    const { element } = slot, { dataset } = element, render = slot.render ?? options.render;
    const put = (made) => made && element.replaceChildren(...[].concat(made));
    try {
      if (!decision?.offer && !decision?.items?.[0]) throw `nothing for ${slot.id}`;
      dataset.beckon = "decided";
      put(render ? render(slot, decision) : draw(decision));
      observe(element, decision, signal);
    } catch (error) {
      warn(error);
      safely(() => put(slot.fallback ? slot.fallback(slot) : dataset.beckon && before))();
      dataset.beckon = "fallback";
    }
    element.style.visibility = "";
  };

  const show = async ({ slots, page = options.page } = {}) => {
    const found = slots ?? [...document.querySelectorAll("[data-beckon-slot]")].map((element) => (
      { element, id: element.dataset.beckonSlot, count: +element.dataset.beckonCount || undefined }));
    const all = found.filter(({ element }) => element).map((slot) => {
      const { element } = slot, turn = new AbortController(), last = turns.get(element);
      const now = { slot, turn, signal: turn.signal, before: last?.before ?? [...element.childNodes] };
      last?.turn.abort();
      turns.set(element, now);
      element.style.visibility = "hidden";
      return now;
    });
    const decisions = all[0] ? await ask(all, page) : new Map();
    // Whoever asked for an element again meanwhile will fill it.
    for (const one of all) if (!one.signal.aborted) fill(one, decisions.get(one.slot.id));
    return [...decisions.values()];
  };

  safely(tracker)();
  return { track, anonymousId, show: (what) => show(what).catch((error) => warn(error) ?? []) };
}
