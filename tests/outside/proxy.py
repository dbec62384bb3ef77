"""What stands between a client and `beckon serve`, and remembers what each side was told."""

import http.client
import http.server
import json
import signal
import sys
import threading
import time

from served import wait_until

# A request with as many events as this is the batch of 500, or, where a client keeps below a size, a part of it.
BATCH_AT_LEAST = 100
SENT = 503
APPLY_SECONDS = 30


# Seconds that a client is asked to wait, and by how much it may come early, because its clock is not ours.
RETRY_AFTER_SECONDS, EARLY_SECONDS = 3, 0.1


class Proxy:
    """Passes requests on, and knows what was taken and what was acknowledged."""

    def __init__(self, served, person):
        self.served, self.person = served, person
        self.taken, self.acknowledged = set(), set()
        self.repeated, self.refused, self.largest = 0, 0, 0
        self.lock = threading.Lock()
        handler = type("Handler", (PassOn,), {"proxy": self})
        self.server = Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def is_throttled(self, ids):
        """Whether a request with these events is asked to wait."""
        return False

    def loses(self, ids):
        """Whether the answer to a request with these events gets lost."""
        return False

    def found_nobody(self):
        with self.lock:
            self.refused += 1
            if self.served.process is None:
                self.served.start()

    def has_acknowledged_all(self):
        return len(self.acknowledged) == SENT


class Killing(Proxy):
    """The first large batch is taken by `serve`, whose answer the client never gets; once it is applied, `serve` is killed, and
    comes back when a request has found nobody."""

    def __init__(self, served, person):
        self.kills, self.lost = 0, 0
        super().__init__(served, person)

    def loses(self, ids):
        if len(ids) < BATCH_AT_LEAST or self.kills > 0:
            return False
        self.kill(len(ids))
        return True

    def kill(self, lost):
        """The process ends as when its machine is gone. Its stream is in memory, so it is given the time to apply what is
        in it: a collector's stream outlives it."""
        self.kills, self.lost = self.kills + 1, lost
        taken = len(self.taken)
        wait_until(APPLY_SECONDS, lambda: self.served.tallies(self.person)["applied"] >= taken, "not applied")
        self.served.end(signal.SIGKILL)

    def is_well(self):
        """Was it killed once and missed, did the client repeat, and was all acknowledged in the end?"""
        return self.kills == 1 and self.refused >= 1 and self.repeated == self.lost and self.has_acknowledged_all()

    def told(self):
        return (f"kills: {self.kills}, with {self.lost} events taken and not acknowledged; attempts that found nobody: "
                f"{self.refused}; events that came again: {self.repeated}; acknowledged: {len(self.acknowledged)}; "
                f"largest request: {self.largest} events")


class Throttling(Proxy):
    """The first large batch is answered 429 with `Retry-After`, as a collector does whose bucket is empty: nothing of it is
    taken, and it is refused again until that time is over."""

    def __init__(self, served, person):
        self.throttled, self.throttled_at, self.attempts, self.waited = set(), None, [], None
        super().__init__(served, person)

    def is_throttled(self, ids):
        now = time.monotonic()
        with self.lock:
            if self.throttled_at is None and len(ids) >= BATCH_AT_LEAST:
                self.throttled, self.throttled_at = ids, now
                return True
            if self.throttled_at is None or not ids & self.throttled:
                return False
            self.attempts.append(now - self.throttled_at)
            return self.attempts[-1] < RETRY_AFTER_SECONDS - EARLY_SECONDS

    def obeys(self):
        """Whether the client came again when it was told to, and no sooner."""
        return bool(self.attempts) and self.attempts[0] >= RETRY_AFTER_SECONDS - EARLY_SECONDS

    def is_well(self):
        return bool(self.attempts) and self.repeated == 0 and self.has_acknowledged_all()

    def told(self):
        attempts = ", ".join(f"{seconds:.1f}" for seconds in self.attempts[:8])
        return (f"429 with Retry-After: {RETRY_AFTER_SECONDS} for {len(self.throttled)} events; they came again after "
                f"{attempts or 'no'} s: Retry-After {'obeyed' if self.obeys() else 'NOT obeyed'}; acknowledged: "
                f"{len(self.acknowledged)}")


class Server(http.server.ThreadingHTTPServer):
    """A client that is gone is nothing to speak of."""

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class PassOn(http.server.BaseHTTPRequestHandler):
    """One request of the client."""

    protocol_version = "HTTP/1.1"
    proxy = None

    def do_POST(self):
        self.pass_on()

    def do_OPTIONS(self):
        self.pass_on()

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        ids = message_ids(body)
        if self.proxy.is_throttled(ids):
            self.ask_to_wait()
            return
        try:
            status, headers, answer = self.ask(body)
        except (OSError, http.client.HTTPException):
            self.hang_up()
            self.proxy.found_nobody()
            return
        proxy = self.proxy
        with proxy.lock:
            if status == 200:
                proxy.repeated += len(ids & proxy.taken)
                proxy.taken |= ids
            proxy.largest = max(proxy.largest, len(ids))
            if proxy.loses(ids):
                self.hang_up()
                return
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        if status == 200:
            with proxy.lock:
                proxy.acknowledged |= ids

    def ask_to_wait(self):
        """429, with the headers that a page of another origin needs to read it, as `serve` sends them with any refusal."""
        _, headers, _ = self.ask(b"{}", without=("authorization", "content-length"))
        answer = b'{"type":"too-many","title":"Too many events","status":429}'
        self.send_response_only(429)
        for name, value in headers:
            if name.lower().startswith("access-control-") or name.lower() == "vary":
                self.send_header(name, value)
        self.send_header("Retry-After", str(RETRY_AFTER_SECONDS))
        self.send_header("Content-Type", "application/problem+json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def ask(self, body, without=()):
        connection = http.client.HTTPConnection("127.0.0.1", self.proxy.served.port, timeout=30)
        try:
            left_out = ("connection", *without)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in left_out}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def hang_up(self):
        """The connection ends without an answer."""
        self.close_connection = True
        self.connection.shutdown(2)

    def log_message(self, *_):
        pass


def message_ids(body):
    """The ids of the events in a request; analytics.js sends single events without a list."""
    try:
        told = json.loads(body)
    except ValueError:
        return set()
    return {event["messageId"] for event in told.get("batch", [told]) if "messageId" in event}
