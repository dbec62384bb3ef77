#!/usr/bin/env python3
"""The core's logic in plain Python: reads stream lines, folds them into profiles, decides by three rules.

`beckon bench core` writes the log, runs this once, and compares both the time and a hash over what was counted. It does what
Beckon's core does for these lines: recognises redelivered and repeated events, cuts sessions, keeps counts, the last
time of each kind of event, the last sixteen products viewed with the attention paid to them, a fading interest in
categories, the cart with its episode, then evaluates the rules of `shared/cli/src/bench/rules.yaml` for each event. It works on
dictionaries and lists, as a program of this kind would. Standard library only.
"""

import argparse
import json
import time

SESSION_GAP = 30 * 60_000
DWELL_MAX = 10 * 60_000
HALF_LIFE = 7 * 86_400_000
DAY = 86_400_000
RING_MAX = 512
VIEWED_MAX = 16
AFFINITY_MAX = 16
EVENT_NAMES_MAX = 24
CART_LINES_MAX = 50
QUANTITY_MAX = 9999
SHARD = "bench:shardId-000000000000"


def profile():
    return {
        "first": 0, "last": 0, "received": 0, "applied": 0, "duplicate": 0, "marks": {}, "ring": {},
        "session": None, "sessions": 0, "events": 0, "pages": 0, "views": 0, "adds": 0, "removes": 0, "orders": 0,
        "carts": 0, "seen": {}, "viewed": [], "affinity": {}, "cart": {}, "changed": 0, "settled": 0, "episode": None,
        "revenue": 0, "last_order": None, "timezone": None, "locale": None,
    }


def insert_id(ring, source, event_id, received):
    """Whether the id was known; it is from now on."""
    known = (source, event_id)
    if known in ring:
        return True
    ring[known] = received
    # A dictionary keeps the order in which ids came.
    while len(ring) > RING_MAX or received - next(iter(ring.values())) > DAY:
        del ring[next(iter(ring))]
    return False


def interest(p, product, points, at):
    category = product.get("category")
    if category is None:
        return
    affinity = p["affinity"]
    score, since = affinity.get(category, (0.0, at))
    affinity[category] = (score * 0.5 ** ((at - since) / HALF_LIFE) + points, at)
    if len(affinity) > AFFINITY_MAX:
        weakest = min(affinity, key=lambda c: affinity[c][0] * 0.5 ** ((at - affinity[c][1]) / HALF_LIFE))
        del affinity[weakest]


def observe(p, name, is_page, line, at):
    if p["events"] == 0 or at < p["first"]:
        p["first"] = at
    p["last"] = max(p["last"], at)
    p["events"] += 1
    session = p["session"]
    if session is None or at - session["last"] > SESSION_GAP:
        p["sessions"] += 1
        session = p["session"] = {"start": at, "last": at, "events": 0, "pages": 0}
    session["last"] = max(session["last"], at)
    session["events"] += 1
    session["pages"] += is_page
    for view in p["viewed"]:
        if view["open"] and view["at"] < at:
            gap = at - view["at"]
            view["dwell"] += 0 if gap > SESSION_GAP else min(gap, DWELL_MAX)
            view["open"] = False
    seen = p["seen"]
    seen[name] = max(seen.get(name, at), at)
    if len(seen) > EVENT_NAMES_MAX:
        del seen[min(seen, key=lambda n: (seen[n], n))]
    context = line.get("context", {})
    for field in ("timezone", "locale"):
        value = context.get(field)
        if value is not None and (p[field] is None or p[field][1] <= at):
            p[field] = (value, at)


def view(p, product, at):
    viewed = p["viewed"]
    dwell = 0
    for index, old in enumerate(viewed):
        if old["product"] == product["id"]:
            dwell = viewed.pop(index)["dwell"]
            break
    viewed.append({"product": product["id"], "category": product.get("category"), "at": at, "dwell": dwell,
                   "open": True})
    if len(viewed) > VIEWED_MAX:
        viewed.pop(0)


def changed(p, event_id, at):
    cart = p["cart"]
    while len(cart) > CART_LINES_MAX:
        del cart[next(iter(cart))]
    if p["episode"] is None:
        p["episode"] = {"id": event_id, "timer": 1}
        p["carts"] += 1
    elif at > p["changed"]:
        p["episode"]["timer"] += 1
    p["changed"] = max(p["changed"], at)


def empty(p, at):
    p["cart"].clear()
    p["episode"] = None
    p["changed"] = max(p["changed"], at)
    p["settled"] = max(p["settled"], at)


def add(p, product, event_id, at):
    if at < p["settled"]:
        return
    kept = p["cart"].get(product["id"])
    if kept is None:
        p["cart"][product["id"]] = {"quantity": product["quantity"], "price": product.get("price_minor"),
                                    "name": product.get("name"), "category": product.get("category"), "at": at}
    else:
        kept["quantity"] = min(kept["quantity"] + product["quantity"], QUANTITY_MAX)
        kept["at"] = max(kept["at"], at)
    changed(p, event_id, at)


def remove(p, product, event_id, at):
    if at < p["settled"]:
        return
    cart, before = p["cart"], len(p["cart"])
    kept = cart.get(product["id"])
    if kept is not None:
        kept["quantity"] = 0 if product["quantity"] == 0 else kept["quantity"] - product["quantity"]
        if kept["quantity"] <= 0:
            del cart[product["id"]]
    if cart:
        changed(p, event_id, at)
    elif before:
        empty(p, at)


def apply(p, line, sequence):
    mark = p["marks"].get(SHARD)
    if mark is not None and sequence <= mark:
        return
    received, at = line["received_at"], line["occurred_at"]
    p["received"] = max(p["received"], received)
    p["marks"][SHARD] = sequence
    if insert_id(p["ring"], line["source"], line["id"], received):
        p["duplicate"] += 1
        return
    p["applied"] += 1
    is_page = line["type"] == "page"
    name = "page" if is_page else line["event"]
    observe(p, name, is_page, line, at)
    properties = line.get("properties", {})
    if is_page:
        p["pages"] += 1
    elif name == "Product Viewed":
        p["views"] += 1
        view(p, properties["product"], at)
        interest(p, properties["product"], 1, at)
    elif name == "Product Added":
        p["adds"] += 1
        add(p, properties["product"], line["id"], at)
        interest(p, properties["product"], 3, at)
    elif name == "Product Removed":
        p["removes"] += 1
        remove(p, properties["product"], line["id"], at)
    elif name == "Order Completed":
        p["orders"] += 1
        empty(p, at)
        p["last_order"] = at if p["last_order"] is None else max(p["last_order"], at)
        p["revenue"] += properties.get("total_minor", 0)
        for product in properties.get("products", ()):
            interest(p, product, 5, at)


def within(at, width, now):
    return at is not None and at <= now and now - at < width


def decide(p, now):
    seen = p["seen"]
    added, ordered = seen.get("Product Added"), seen.get("Order Completed")
    if p["cart"] and within(added, 10 * 60_000, now) and not within(ordered, DAY, now):
        return "left-cart"
    if not p["cart"] and not within(ordered, 3_600_000, now):
        for seen_product in p["viewed"]:
            if seen_product["product"] == "p-00000" and within(seen_product["at"], 3_600_000, now):
                return "popular"
    if within(seen.get("Product Viewed"), 5 * 60_000, now) and added is None and ordered is None \
            and not within(seen.get("Product Removed"), 7 * DAY, now):
        return "looking"
    return "-"


def whole(texts, batch):
    profiles, decided = {}, {"-": 0, "left-cart": 0, "looking": 0, "popular": 0}
    for start in range(0, len(texts), batch):
        parts = {}
        for number, text in enumerate(texts[start:start + batch], start + 1):
            line = json.loads(text)
            parts.setdefault(line["key"], []).append((number, line))
        for key, lines in parts.items():
            p = profiles.get(key)
            if p is None:
                p = profiles[key] = profile()
            for number, line in lines:
                apply(p, line, number)
            for _number, line in lines:
                decided[decide(p, line["received_at"])] += 1
    return profiles, decided


def counts_hash(profiles, decided):
    """FNV-1a over the counts, 64 bits."""
    texts = []
    for key in sorted(profiles):
        p = profiles[key]
        units = sum(line["quantity"] for line in p["cart"].values())
        counts = (p["events"], p["pages"], p["views"], p["adds"], p["removes"], p["orders"], p["carts"],
                  p["sessions"], units)
        texts.append(" ".join([key, *map(str, counts)]) + "\n")
    texts.extend(f"{rule} {decided[rule]}\n" for rule in sorted(decided))
    value = 0xCBF29CE484222325
    for byte in "".join(texts).encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("log", help="stream lines, one a line")
    parser.add_argument("--batch", type=int, default=1000)
    args = parser.parse_args()
    with open(args.log) as log:
        texts = log.read().splitlines()
    began = time.perf_counter()
    profiles, decided = whole(texts, args.batch)
    elapsed = time.perf_counter() - began
    print(json.dumps({"ns_per_event": elapsed * 1e9 / max(len(texts), 1), "hash": counts_hash(profiles, decided)}))


if __name__ == "__main__":
    main()
