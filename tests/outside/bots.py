"""Programs that are nobody, as a list that others keep names them: what `beckon_wire::bots` must know, and that it does.

The list is crawler-user-agents (MIT, https://github.com/monperrus/crawler-user-agents), kept since 2014, from PyPI with its
hash. Names of programs become shared/wire/src/bots/*.txt: `python bots.py --write`. Whom it must not touch are the browsers of
fake-useragent (Apache-2.0, https://github.com/fake-useragent/fake-useragent), user agents that people had.
"""

import json
import re
import signal
import sys
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from served import PUBLISHABLE, Served

ROOT = Path(__file__).parents[2]
FILES = {"always": ROOT / "shared/wire/src/bots/always.txt", "alone": ROOT / "shared/wire/src/bots/without_engine.txt"}
LIST, PEOPLE = "crawler-user-agents", "fake-useragent"
BATCH = 500

# Libraries that only send: with them a shop's own programs and apps report what people do.
LET_THROUGH = "http-library"
# Names of the list that people have too, each with the reason.
OF_PEOPLE = {
    "AP3A.240617.008": "a build of Android 15, on millions of telephones",
    "Butterfly": "telephones of HTC",
    "Code/1.": "an editor's own browser, with a person before it",
    "DMBrowser": "an old Android browser's name begins so",
    "Fluid": "a browser for macOS",
    "MetaIAB Facebook": "the browser within the Facebook app",
    "Trae/": "an editor's own browser, with a person before it",
}
# Words of the code itself (GENERAL in shared/wire/src/bots.rs): whoever has them needs no name.
GENERAL = re.compile(r"(?<!cu)bot|crawl|headless|slurp|spider", re.IGNORECASE)
# What an agent has that poses as a browser.
ENGINES = ("Gecko", "AppleWebKit", "MSIE ", "Presto/")


def entries():
    """The list's entries but for libraries."""
    text = files("crawleruseragents").joinpath("crawler-user-agents.json").read_text(encoding="utf-8")
    return [entry for entry in json.loads(text) if LET_THROUGH not in entry.get("tags", [])]


def literals(pattern):
    """The texts that a pattern stands for, `^` before what must be the beginning; None when they are not so few.

    Understood are what the list has: alternatives, a class of single letters, escaped characters, and anchors.
    """
    texts = []
    for part in pattern.split("|") if "(" not in pattern.replace("\\(", "") else [pattern.removeprefix("(^| )")]:
        start = "^" if part.startswith("^") else ""
        forms, rest = [""], part.removeprefix("^")
        while rest:
            if found := re.match(r"\\([^A-Za-z0-9])|([^\[\]()|?*+^$\\])", rest):
                forms = [form + (found[1] or found[2]) for form in forms]
            elif found := re.match(r"\[([A-Za-z]+)\](?![?*+])", rest):
                forms = [form + letter for form in forms for letter in found[1]]
            else:
                return None
            rest = rest[found.end():]
        texts += [start + form for form in forms]
    return texts


def poses(entry):
    """Whether the program is known to come with the words of a browser."""
    return any(engine in agent for agent in entry["instances"] for engine in ENGINES)


def words():
    """Names by where they count, and the patterns that are no names."""
    found, odd = {"always": set(), "alone": set()}, []
    for entry in entries():
        texts = literals(entry["pattern"])
        if texts is None:
            odd += [] if GENERAL.search(entry["pattern"]) else [entry["pattern"]]
            continue
        names = [text.rstrip() for text in texts if not GENERAL.search(text) and text not in OF_PEOPLE]
        found["always" if poses(entry) else "alone"].update(names)
    found["alone"] -= found["always"]
    return found, odd


def text_of(kind, names):
    what = {"always": "wherever they stand", "alone": "in an agent that names no engine of a browser"}
    return "\n".join([
        f"# Names of programs that are nobody, {what[kind]}. `^`: it must be the beginning.",
        f"# Made of {LIST} {version(LIST)} (MIT, https://github.com/monperrus/crawler-user-agents) by tests/outside/bots.py.",
        *sorted(names), ""])


def write():
    found, odd = words()
    for kind, names in found.items():
        FILES[kind].write_text(text_of(kind, names), encoding="utf-8")
        print(f"{FILES[kind].relative_to(ROOT)}: {len(names)} names")
    print(f"patterns that are no names and left out: {', '.join(odd) or 'none'}")
    return 0


def of_people():
    """User agents of people."""
    text = files("fake_useragent").joinpath("data/browsers.jsonl").read_text(encoding="utf-8")
    return sorted({json.loads(line)["useragent"] for line in text.splitlines()})


def refused(served, agents):
    """Those of these agents whose event was not counted."""
    told = set()
    for start in range(0, len(agents), BATCH):
        part = agents[start:start + BATCH]
        batch = [{"type": "page", "anonymousId": "somebody", "messageId": f"{start}-{number}", "context": {"userAgent": agent}}
                 for number, agent in enumerate(part)]
        answer = served.get("POST", "/v1/batch", {"writeKey": PUBLISHABLE, "batch": batch}, key=PUBLISHABLE)
        if answer is None or answer["accepted"] + len(answer["rejected"]) != len(part):
            raise RuntimeError(f"a batch of {len(part)} user agents was not taken: {answer}")
        told |= {part[verdict["index"]] for verdict in answer["rejected"] if verdict["code"] == "bot.user_agent"}
    return told


def run(folder):
    """Whether the files are those of the list, every program of it is refused, and no person."""
    found, odd = words()
    is_kept = all(FILES[kind].read_text(encoding="utf-8") == text_of(kind, names) for kind, names in found.items())
    print(f"{'ok  ' if is_kept else 'FAIL'} bots: {sum(map(len, found.values()))} names of {LIST} {version(LIST)}"
          + ("" if is_kept else ": the files are others; python bots.py --write"), flush=True)
    named = [entry for entry in entries() if entry["pattern"] not in odd]
    left_out = [name.replace(".", "\\.").replace("/", "\\/") for name in OF_PEOPLE]
    agents = sorted({agent for entry in named if entry["pattern"] not in left_out for agent in entry["instances"]})
    people, served = of_people(), Served(folder, "--unlimited")
    try:
        served.start()
        missed = sorted(set(agents) - refused(served, agents))
        mistaken = sorted(refused(served, people))
    finally:
        served.end(signal.SIGKILL)
    for what, all_of, wrong in (("programs, not counted", agents, missed), ("browsers of people, counted", people, mistaken)):
        print(f"{'FAIL' if wrong else 'ok  '} bots: {len(all_of) - len(wrong)} of {len(all_of)} {what}", flush=True)
        for agent in wrong[:10]:
            print(f"       {agent}")
    return is_kept and not missed and not mistaken


if __name__ == "__main__":
    sys.exit(write() if sys.argv[1:] == ["--write"] else "python bots.py --write")
