#!/usr/bin/env python3
"""Copies what the fuzz targets begin with into tests/fuzz/corpus: it is committed once, where it belongs.

    python3 tests/fuzz/corpus.py

`ruleset` begins with every ruleset of the repository (those of the conformance cases are taken out of the cases), those
that must be refused among them; `stream_line` with every line of the sample payloads. Standard library only.
"""

import base64
import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests" / "fuzz" / "corpus"


def rulesets():
    for folder in ["shared/rules/rulesets", "shared/rules/testdata/errors", "shared/cli/src/bench", "tests/peers/src/rules"]:
        for path in sorted((ROOT / folder).glob("*.yaml")):
            yield f"{path.parent.name}-{path.stem}", path.read_bytes()
    for path in sorted((ROOT / "shared/rules/testdata/conformance").glob("*.yaml")):
        case = path.read_text(encoding="utf-8")
        block = re.search(r"^ruleset: \|\n((?:(?: {2}.*)?\n)+)", case, re.MULTILINE)
        if block:
            yield f"conformance-{path.stem}", re.sub(r"^ {2}", "", block.group(1), flags=re.MULTILINE).encode()


def stream_lines():
    for path in sorted((ROOT / "events/kinesis").glob("*.json")):
        for record in json.loads(path.read_text(encoding="utf-8"))["Records"]:
            for number, line in enumerate(base64.b64decode(record["kinesis"]["data"]).splitlines()):
                sequence = record["kinesis"]["sequenceNumber"][-6:]
                yield f"{path.stem}-{sequence}-{number}", line


def session_indexes():
    for path in sorted((ROOT / "shared/recommend/testdata").glob("session-index-*.hex")):
        yield path.stem, bytes.fromhex(path.read_text(encoding="ascii"))


def main():
    targets = [("ruleset", rulesets()), ("stream_line", stream_lines()), ("session_index", session_indexes())]
    for target, texts in targets:
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        count = 0
        for name, text in texts:
            (folder / name).write_bytes(text)
            count += 1
        if count == 0:
            raise SystemExit(f"nothing found for {target}: the folders named in {Path(__file__).name} have moved")
        print(f"{target}: {count} texts to begin with")


main()
