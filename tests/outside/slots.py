"""beckon.js in Chromium, against `beckon serve` and against APIs that are slow, gone, broken or hostile."""

import gzip
import http.client
import http.server
import json
import signal
import subprocess
import threading
from pathlib import Path

import browser
from served import PUBLISHABLE, Served, wait_until

HERE = Path(__file__).parent
PART_SECONDS = 120
TYPES = {".js": "text/javascript", ".html": "text/html"}
# No script but of the page's own origin, and no style at all; where requests may go is left open, so that one that leads
# elsewhere is an answer of a test and not of the policy. The last part loads the module from the API.
POLICY = "default-src 'none'; script-src 'self'{api}; connect-src 'self' http://127.0.0.1:*; img-src 'self'"
# The pages in their order. They have one origin and one browser, so they are one visitor.
PARTS = ("alone", "beside", "direct")

HOSTILE = "<img src=x onerror=alert(1)>"


def offer(slot, **more):
    return {"decisionId": f"fake-{slot}", "slotId": slot, "type": "offer", "reason": {"code": "DEFAULT"},
            "offer": {"id": "o", "title": "An offer", **more.pop("offer", {})}, **more}


def products(*items):
    return [{"productId": f"p{number}", "source": "listed", **item} for number, item in enumerate(items)]


FAKE = [
    {"decisionId": "fake-items", "slotId": "hostile.items", "type": "recommendations", "reason": {"code": "DEFAULT"},
     "experiment": {"key": "other", "run": 1, "variant": "a", "inExperiment": True, "activation": "server"},
     "items": products(
         {"name": HOSTILE, "url": "javascript:hacked=1", "imageUrl": "javascript:hacked=1"},
         {"name": "<svg onload=hacked=1>", "url": " java\tscript:hacked=1", "imageUrl": "data:image/svg+xml,<svg>"},
         {"productId": "\"><script>hacked=1</script>", "url": "data:text/html,<script>", "price": HOSTILE},
         {"name": "Mug", "url": "/p/mug", "imageUrl": "/pic.png"},
         {"name": "Vb", "url": "vbscript:hacked", "imageUrl": "http://["})},
    offer("hostile.offer", offer={"title": "<script>hacked=1</script>", "text": HOSTILE, "url": "JavaScript:hacked=1"}),
    offer("hostile.link", offer={"url": "https://shop.example/o?a=\">"}),
    offer("hostile.experiment", experiment={"key": "hero-copy", "run": 2, "variant": "b", "inExperiment": True,
                                            "activation": "client"}),
    offer("hostile.outside", experiment={"key": "hero-copy", "variant": "a", "inExperiment": False,
                                         "activation": "client"}),
]
LATE = [offer("home.hero", offer={"title": "hostile and late"})]


class Shop(http.server.ThreadingHTTPServer):
    """The shop's server: its pages, the module as `beckon serve` gives it, and APIs that are not as they should be."""

    def __init__(self, served, module):
        super().__init__(("127.0.0.1", 0), Pages)
        self.served, self.module, self.said = served, module, []
        self.lock, self.held, self.released = threading.Lock(), [], 0

    def handle_error(self, *_):
        """A page that is gone is nothing to speak of."""


class Pages(http.server.BaseHTTPRequestHandler):
    """One request of a page."""

    def answer(self, body, kind="application/json", status=200):
        data = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        api = f" {self.server.served.url}" if self.path.startswith("/direct/") else ""
        self.send_header("Content-Security-Policy", POLICY.format(api=api))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(data)

    def file(self, path):
        self.answer(path.read_bytes(), TYPES[path.suffix])

    def do_GET(self):
        shop, path = self.server, self.path.split("?")[0]
        part, _, name = path[1:].partition("/")
        if part in PARTS:
            self.file(HERE / f"pages/{part}.js" if name else HERE / "pages/page.html")
        elif path == "/bench.js":
            self.file(HERE / "pages/bench.js")
        elif path == "/beckon.js":
            self.answer(shop.module, "text/javascript; charset=utf-8")
        elif path.startswith("/umd/") and (file := browser.UMD / Path(path).name).is_file():
            self.file(file)
        elif path == "/holding":
            self.answer(str(len(shop.held)))
        elif path == "/release":
            for event in shop.held:
                event.set()
            self.answer("")
        elif path == "/released":
            self.answer(str(shop.released))
        else:
            self.answer("", "text/plain", 404)

    def do_POST(self):
        shop, body = self.server, self.rfile.read(int(self.headers["Content-Length"]))
        api, _, path = self.path[1:].partition("/")
        if self.path == "/said":
            shop.said.append(json.loads(body))
            self.answer(next(iter(PARTS[len(shop.said):]), ""))
        elif path != "v1/decisions":
            self.answer("{}")
        elif api == "held":
            self.hold()
        elif api == "refused":
            self.answer('{"title": "no"}', "application/problem+json", 503)
        elif api == "broken":
            self.answer('{"decisions": [')
        elif api == "strange":
            self.answer('{"decisions": [null, 7, {"slotId": "home.hero"}]}')
        else:
            self.answer(json.dumps({"decisions": FAKE}))

    def hold(self):
        """Answers when it is released, if anybody still listens."""
        shop, event = self.server, threading.Event()
        with shop.lock:
            shop.held.append(event)
        event.wait(PART_SECONDS)
        try:
            self.answer(json.dumps({"decisions": LATE}))
        except OSError:
            pass
        with shop.lock:
            shop.held.remove(event)
            shop.released += 1

    def log_message(self, *_):
        pass


def module_of(served):
    """The module as it travels, with what its headers must say."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)

    def get(**headers):
        connection.request("GET", "/v1/beckon.js", headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer, answer.read()

    packed, data = get(Accept_Encoding="gzip", Origin="https://shop.example")
    plain, text = get()
    again, nothing = get(If_None_Match=plain.headers["ETag"])
    wanted = {"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "public, max-age=3600",
              "X-Content-Type-Options": "nosniff", "Content-Encoding": "gzip"}
    wrong = [f"{name}: {packed.headers[name]}" for name, value in wanted.items() if packed.headers[name] != value]
    if wrong or gzip.decompress(data) != text or (again.status, nothing) != (304, b"") \
            or not packed.headers["Access-Control-Allow-Origin"]:
        raise RuntimeError(f"/v1/beckon.js is not served as it should be: {wrong}")
    print(f"ok   module: {len(text)} bytes, {len(data)} compressed", flush=True)
    return text


def archived(folder):
    """The lines of the stream that pages sent."""
    lines = [line for file in sorted(Path(folder).rglob("*.jsonl.gz")) for line in gzip.decompress(file.read_bytes()).splitlines()]
    return [json.loads(line) for line in lines]


def taken(folder, said):
    """Did what the pages sent arrive as they sent it: each impression once, and the decision of what was clicked?"""
    lines = archived(folder)

    def named(name):
        """The decisions that events of a name tell."""
        told = [line["properties"].get("extra", {}) for line in lines if line.get("event") == name]
        return [of["decision_id"] for of in told if "decision_id" in of]

    seen, wanted = named("Decision Viewed"), sum((part["views"] for part in said), [])
    clicked = [part["clicked"]["decisionId"] for part in said if "clicked" in part]
    added = set(named("Product Added"))
    visitors = {line["key"] for line in lines}
    good = sorted(seen) == sorted(wanted) and len(seen) == len(set(seen)) and set(clicked) <= added and len(visitors) == 1
    print(f"{'ok  ' if good else 'FAIL'} stream: {len(seen)} impressions of {len(wanted)}, each once; clicked decisions named "
          f"by a later event: {len(set(clicked) & added)} of {len(clicked)}; visitors: {len(visitors)}", flush=True)
    return good


def run(folder):
    """All of it."""
    archive = str(Path(folder) / "archive")
    served = Served(folder, "--archive", archive)
    shop = None
    try:
        served.start()
        shop = Shop(served, module_of(served))
        threading.Thread(target=shop.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{shop.server_port}/{PARTS[0]}/#api={served.url}&key={PUBLISHABLE}"
        with browser.opened(url):
            wait_until(PART_SECONDS, lambda: len(shop.said) == len(PARTS) or any("failed" in part for part in shop.said),
                       f"only {len(shop.said)} of {len(PARTS)} pages told how they ended")
        for name, part in zip(PARTS, shop.said):
            how = f"{part['passed']} steps, {part['checks']} checks" if "passed" in part else part["failed"]
            print(f"{'ok  ' if 'passed' in part else 'FAIL'} {name}: {how}", flush=True)
        served.end()
        good = all("passed" in part for part in shop.said)
        return all([types(), good and taken(archive, shop.said)])
    finally:
        served.end(signal.SIGKILL)
        if shop:
            shop.shutdown()
            shop.server_close()


def types():
    """The types, held against what a page in TypeScript writes."""
    compiler = browser.NODE / "typescript/bin/tsc"
    command = ["node", str(compiler), "--noEmit", "--strict", "--skipLibCheck", "false", "--target", "es2022",
               "--module", "nodenext", "--lib", "es2022,dom", str(HERE / "pages/types.ts")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PART_SECONDS, check=False)
    print(f"{'ok  ' if done.returncode == 0 else 'FAIL'} types {done.stdout.strip()}", flush=True)
    return done.returncode == 0
