"""`beckon serve` as a child process, and what it holds on a person."""

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import time

PUBLISHABLE, SECRET = "pk_local", "sk_local"
START_SECONDS = 60


def free_port():
    """A port of 127.0.0.1 that nobody listens at now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Served:
    """One `beckon serve` with its state in a folder, which outlives the process."""

    def __init__(self, folder, *arguments):
        self.folder, self.arguments, self.port, self.process = folder, arguments, free_port(), None
        self.log = os.path.join(folder, "serve.log")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        """Starts it, and returns when it answers."""
        archive = [] if "--archive" in self.arguments else ["--no-archive"]
        command = [os.environ["BECKON"], "serve", "--port", str(self.port), *archive, *self.arguments]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        wait_until(START_SECONDS, self.answers, "beckon serve does not answer")

    def answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"beckon serve ended with {self.process.returncode}:\n{self.said()}")
        try:
            return self.get("GET", "/healthz") is not None
        except OSError:
            return False

    def said(self):
        with open(self.log, encoding="utf-8") as log:
            return log.read()

    def end(self, how=signal.SIGTERM):
        """Ends it: politely, which applies what has been taken, or with SIGKILL, which does nothing more."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=START_SECONDS)
            self.process = None

    def get(self, method, path, body=None, key=SECRET):
        """The JSON of an answer, None unless it is a 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        user = base64.b64encode(f"{key}:".encode()).decode()
        headers = {"Authorization": f"Basic {user}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            return json.loads(text) if answer.status == 200 else None
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()

    def tallies(self, person):
        """How the events of a person ended: those that count, and those whose id was known already."""
        document = self.get("POST", "/admin/v1/privacy/export", person)
        if document is None:
            raise RuntimeError(f"no export of {person}: see {self.log}")
        states = [profile["state"] for profile in document["profiles"]]
        return {name: sum(state["tallies"][name] for state in states) for name in ("applied", "duplicate")}


def wait_until(seconds, holds, otherwise):
    """Asks until it holds."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(f"{otherwise} within {seconds} s")
        time.sleep(0.05)
