"""Chromium without a window, as a child process."""

import contextlib
import os
import signal
import subprocess
import tempfile
from pathlib import Path

NODE = Path(os.environ["OUTSIDE_TOOLS"]) / "node/node_modules"
UMD = NODE / "@segment/analytics-next/dist/umd"
# A browser without a window says so in its user agent, and is not counted for that.
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@contextlib.contextmanager
def opened(url):
    """A page in a browser of its own, which ends with the block."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        chromium = subprocess.Popen(
            [os.environ.get("CHROMIUM", "chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             f"--user-data-dir={profile}", f"--user-agent={USER_AGENT}", "--remote-debugging-port=0", url],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            yield
        finally:
            os.killpg(chromium.pid, signal.SIGKILL)
            chromium.wait()
