#!/usr/bin/env python3
"""What should become of every cart of a Taobao file: computed from the definition, apart from Beckon.

A cart is left at delay D when it is not empty and D has passed since the last change of it. `cart` adds a product, `buy`
empties the whole cart; looking at products changes nothing. A change restarts the clock and the episode goes on; it ends
when the cart is bought. Time goes on until D after the file's last event. A row number is an event's id. A session ends after 30
minutes without an event.

    beckon replay FILE --format taobao --delay 30m --episodes found.jsonl
    python3 tests/peers/oracle.py FILE --delay 30m --against found.jsonl

prints how many carts agree, how many were found that are none (false) and how many were not found (missed), and ends with 1
unless every line agrees. Without --against it prints its own lines. Python 3.9 or newer and nothing else.
"""

import argparse
import collections
import gzip
import json
import sys

SESSION_GAP_S = 30 * 60
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
CART_LINES_MAX = 50
QUANTITY_MAX = 9999


class Cart:
    """One filling of a cart."""

    def __init__(self, row, at):
        self.row = row
        self.start = at
        self.changed = at
        self.timer = 1
        self.quantity = collections.OrderedDict()

    def add(self, product, at):
        if at > self.changed:
            self.changed = at
            self.timer += 1
        self.quantity[product] = min(self.quantity.get(product, 0) + 1, QUANTITY_MAX)
        while len(self.quantity) > CART_LINES_MAX:
            self.quantity.popitem(last=False)

    def contents(self):
        return [[product, count] for product, count in self.quantity.items()]


class User:
    def __init__(self):
        self.events = self.sessions = self.carts = self.orders = 0
        self.session = None
        self.cart = None


def rows(path):
    opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path)
    with opened as lines:
        header = next(lines).strip()
        if header != "user_id,item_id,category_id,behavior,ts":
            sys.exit(f"oracle: {path} is no Taobao file: its first line is {header[:60]!r}")
        for number, line in enumerate(lines, 1):
            user, item, _category, behaviour, ts = line.strip().split(",")
            yield number, user, item, behaviour, int(ts)


def left(user, cart, delay):
    return {
        "type": "due",
        "user": user,
        "row": cart.row,
        "start": cart.start * 1000,
        "changed": cart.changed * 1000,
        "due": (cart.changed + delay) * 1000,
        "timer": cart.timer,
        "cart": cart.contents(),
    }


def expected(path, delay):
    """All lines that a correct run writes."""
    users, lines, now = {}, [], 0
    for row, name, item, behaviour, ts in rows(path):
        now = max(now, ts)  # a file is in time order up to its clock's whims
        user = users.setdefault(name, User())
        user.events += 1
        if user.session is None or now - user.session[1] > SESSION_GAP_S:
            user.sessions += 1
            user.session = [now, now, 0]
        user.session[1] = now
        user.session[2] += 1
        if behaviour not in ("cart", "buy"):
            continue
        # What happens at the very instant at which a cart would be left comes first.
        cart = user.cart
        if cart is not None and now > cart.changed + delay:
            lines.append(left(name, cart, delay))
        if behaviour == "buy":
            user.orders += 1
            user.cart = None
        else:
            if cart is None:
                cart = user.cart = Cart(row, now)
                user.carts += 1
            cart.add(item, now)
    for name, user in users.items():
        if user.cart is not None:
            lines.append(left(name, user.cart, delay))
        start, last, count = user.session
        lines.append(
            {
                "type": "user",
                "user": name,
                "events": user.events,
                "sessions": user.sessions,
                "last_session": [start * 1000, last * 1000, count],
                "carts": user.carts,
                "orders": user.orders,
                "cart": user.cart.contents() if user.cart else [],
            }
        )
    return sorted(json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False) for line in lines)


def compare(want, found):
    """How many lines agree, which were found and must not be, which were not found; by type."""
    agree = True
    for kind in ("due", "user"):
        wants = collections.Counter(line for line in want if f'"type":"{kind}"' in line)
        founds = collections.Counter(line for line in found if f'"type":"{kind}"' in line)
        false, missed = founds - wants, wants - founds
        both = sum((wants & founds).values())
        print(f"{kind:<5} {both} agree, {sum(false.values())} false, {sum(missed.values())} missed")
        for name, lines in (("false ", false), ("missed", missed)):
            for line in sorted(lines)[:3]:
                print(f"  {name} {line}")
        agree = agree and not false and not missed
    return agree


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="a Taobao file, plain or gzip")
    parser.add_argument("--delay", required=True, help="such as 15m, 30m, 24h")
    parser.add_argument("--against", help="what `beckon replay --episodes` wrote")
    args = parser.parse_args()
    if args.delay[-1:] not in UNITS or not args.delay[:-1].isdigit():
        parser.error("--delay is a whole number and s, m, h or d")
    want = expected(args.file, int(args.delay[:-1]) * UNITS[args.delay[-1]])
    if args.against is None:
        print("\n".join(want))
        return
    with open(args.against) as found:
        if not compare(want, found.read().splitlines()):
            sys.exit(1)


if __name__ == "__main__":
    main()
