"""Drives Segment's clients against `beckon serve`, and compares what profiles hold with what was sent."""

import http.server
import signal
import subprocess
import sys
import tempfile
import threading
from functools import partial
from pathlib import Path

import bots
import browser
import slots
from proxy import SENT, Killing, Throttling
from served import PUBLISHABLE, SECRET, Served, free_port, wait_until

HERE = Path(__file__).parent
CLIENT_SECONDS = 90
PAGE = {
    "/": ("text/html", HERE / "clients/page.html"),
    "/page.js": ("text/javascript", HERE / "clients/page.js"),
    "/analytics.js": ("text/javascript", browser.UMD / "index.js"),
}


class Shop(http.server.BaseHTTPRequestHandler):
    """The shop's own server: one page, its script, and analytics.js."""

    def do_GET(self):
        kind, file = PAGE.get(self.path.split("?")[0], (None, None))
        self.send_response(200 if file else 404)
        self.send_header("Content-Type", kind or "text/plain")
        self.end_headers()
        self.wfile.write(file.read_bytes() if file else b"")

    def do_POST(self):
        self.server.failed = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Command:
    """A client that is a program and ends when everything is sent."""

    def __init__(self, *command):
        self.command = command

    def person(self, name):
        return {"userId": name}

    def run(self, name, served, to, _is_done):
        command = [*self.command, to, SECRET, name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=CLIENT_SECONDS, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{name} ended with {done.returncode}: {done.stderr.strip()}")


class Browser:
    """analytics.js in a page in Chromium, which stays open until everything has arrived."""

    def person(self, name):
        return {"anonymousId": name}

    def run(self, name, served, to, is_done):
        shop = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Shop)
        shop.failed = None
        threading.Thread(target=shop.serve_forever, daemon=True).start()
        query = f"settings={served.url}&key={PUBLISHABLE}&visitor={name}"
        if to != served.url:
            query += f"&to={to.removeprefix('http://')}/v1"
        try:
            with browser.opened(f"http://127.0.0.1:{shop.server_port}/#{query}"):
                wait_until(CLIENT_SECONDS, lambda: is_done() or self.gave_up(name, shop), f"{name} did not send all")
        finally:
            shop.shutdown()
            shop.server_close()

    def gave_up(self, name, shop):
        if shop.failed:
            raise RuntimeError(f"{name}: the page said {shop.failed}")
        return False


CLIENTS = {
    "python": Command(sys.executable, str(HERE / "clients/segment_python.py")),
    "node": Command("node", str(HERE / "clients/segment_node.mjs")),
    "browser": Browser(),
}


# What is asked beside the clients.
BESIDE = {"slots": slots, "bots": bots}

# The clients that come again when `Retry-After` says so, and no sooner. The others try again when they see fit.
OBEYS_RETRY_AFTER = ("python", "node", "browser")


def counts(served, name, client, repeated=None):
    """What is held after the process has ended and begun anew: what it drained at its end is in it."""
    held = served.tallies(client.person(name))
    good = held["applied"] == SENT and repeated in (None, held["duplicate"])
    print(f"{'ok  ' if good else 'FAIL'} {name}: sent {SENT}, counted {held['applied']}, repetitions recognised "
          f"{held['duplicate']}" + ("" if repeated is None else f" of {repeated}"), flush=True)
    return good


def all_applied(served, person):
    return served.tallies(person)["applied"] >= SENT


def again(served):
    """Ends it, which applies what it has taken, and starts it on the same state."""
    served.end()
    if "; 0 records left undone" not in served.said().splitlines()[-1]:
        raise RuntimeError(f"records were left undone:\n{served.said()}")
    served.start()


def calm(names, folder):
    """Each client, with nothing in its way."""
    served = Served(folder)
    try:
        served.start()
        for name in names:
            client = CLIENTS[name]
            client.run(name, served, served.url, partial(all_applied, served, client.person(name)))
        again(served)
        return all([counts(served, name, CLIENTS[name]) for name in names])
    finally:
        served.end(signal.SIGKILL)


def killed(names, folder):
    """Each client, while the batch of 500 is taken, its answer lost, and the process killed."""
    # A batch that comes twice is more than a visitor may send at once.
    served, good = Served(folder, "--unlimited"), []
    try:
        served.start()
        for name in names:
            client, visitor = CLIENTS[name], f"{name}-killed"
            proxy = Killing(served, client.person(visitor))
            try:
                client.run(visitor, served, proxy.url, proxy.has_acknowledged_all)
            finally:
                proxy.close()
            again(served)
            held = counts(served, visitor, client, proxy.repeated)
            print(f"{'ok  ' if proxy.is_well() else 'FAIL'}   {proxy.told()}", flush=True)
            good.append(held and proxy.is_well())
        return all(good)
    finally:
        served.end(signal.SIGKILL)


def throttled(names, folder):
    """Each client, asked to wait once, with the limits that `serve` has by default."""
    served, good = Served(folder), []
    try:
        served.start()
        for name in names:
            client, visitor = CLIENTS[name], f"{name}-throttled"
            proxy = Throttling(served, client.person(visitor))
            try:
                client.run(visitor, served, proxy.url, proxy.has_acknowledged_all)
            finally:
                proxy.close()
                print(f"{'ok  ' if proxy.is_well() else 'FAIL'}   {name}: {proxy.told()}", flush=True)
            again(served)
            # What a client does with `Retry-After` is a fact about the client; that it changed is news.
            is_known = proxy.obeys() == (name in OBEYS_RETRY_AFTER)
            if not is_known:
                print(f"FAIL   {name}: what it does with Retry-After is not what this file says", flush=True)
            good.append(counts(served, visitor, client, 0) and proxy.is_well() and is_known)
        return all(good)
    finally:
        served.end(signal.SIGKILL)


def main():
    names = sys.argv[1:] or [*CLIENTS, *BESIDE]
    if unknown := [name for name in names if name not in CLIENTS and name not in BESIDE]:
        print(f"no client is called {unknown[0]}: there are {', '.join([*CLIENTS, *BESIDE])}")
        return 2
    clients = [name for name in names if name in CLIENTS]
    try:
        good = []
        for story in (calm, killed, throttled) if clients else ():
            with tempfile.TemporaryDirectory() as folder:
                good.append(story(clients, folder))
        for name in (name for name in names if name in BESIDE):
            with tempfile.TemporaryDirectory() as folder:
                good.append(BESIDE[name].run(folder))
        return 0 if all(good) else 1
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        print(f"FAIL {error}")
        return 1


# Asked to end, it ends what it started.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
sys.exit(main())
