#!/usr/bin/env python3
"""Copies what the fuzz targets begin with into tests/fuzz/corpus: it is committed once, where it belongs.

    python3 tests/fuzz/corpus.py

`ruleset` begins with every ruleset of the repository (those of the conformance cases are taken out of the cases), those
that must be refused among them; `stream_line` with every line of the sample payloads, `kinesis_record` with every record of
them; `collector_body` with the bodies of the sample payloads and of the HTTP cases, and with those that grow most;
`visitor_token` and `page_url` with what their unit tests try. Standard library only.
"""

import base64
import gzip
import hmac
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


def kinesis_records():
    for path in sorted((ROOT / "events/kinesis").glob("*.json")):
        for number, record in enumerate(json.loads(path.read_text(encoding="utf-8"))["Records"]):
            yield f"{path.stem}-{number}", base64.b64decode(record["kinesis"]["data"])
    lines = [line for _, line in stream_lines()]
    yield "all-mixed", b"\n".join([line for good in lines for line in (good, b"not json", b"")])


def collector_bodies():
    for path in sorted((ROOT / "events/api").glob("*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))["body"]
        yield path.stem, body.encode()
        yield f"{path.stem}-gzip", gzip.compress(body.encode(), mtime=0)
        yield f"{path.stem}-single", b"i" + body.encode()
    # The cases are YAML, whose bodies are written as JSON with bare words: what looks like an event is quoted.
    words = re.compile(r"(?<=[{,\[:] )([A-Za-z_][\w.-]*(?: [A-Z]\w*)*)(?=[:,}\]]| [}\]])")
    for path in sorted((ROOT / "tests/cases/http").glob("*.yaml")):
        for number, line in enumerate(re.findall(r"body: \{ json: (.*) \}$", path.read_text(encoding="utf-8"), re.MULTILINE)):
            text = words.sub(lambda word: json.dumps(word[1]), line)
            try:
                yield f"{path.stem}-{number}", json.dumps(json.loads(text)).encode()
            except ValueError:
                continue
    yield from growing_bodies()


def growing_bodies():
    """Bodies that cost more memory than others of their size. With `c` the target makes a whole batch of the event."""
    product = {"product_id": 1}
    events = {
        "page": {"type": "page", "anonymousId": "a"},
        "cart": {"type": "track", "event": "Cart Updated", "anonymousId": "a", "properties": {"products": [product] * 100}},
        "skus": {"type": "track", "event": "Cart Updated", "anonymousId": "a", "properties": {"products": [{"sku": 1}] * 100}},
        "items": {"type": "track", "event": "add_to_cart", "anonymousId": "a",
                  "properties": {"items": [{"item_id": 1}] * 100, "note": "x" * 500}},
        "traits": {"type": "identify", "anonymousId": "a", "traits": {f"t{n}": n for n in range(60)}},
        "extra": {"type": "track", "event": "x", "anonymousId": "a", "properties": {f"p{n}": "y" * 500 for n in range(40)}},
        "wide": {"type": "track", "event": "x", "anonymousId": "a", "properties": {"a": [1] * 15_000}},
        "lists": {"type": "track", "event": "x", "anonymousId": "a", "properties": {"a": [[]] * 10_000}},
        "objects": {"type": "track", "event": "x", "anonymousId": "a", "properties": {"a": [{"": 0}] * 4_000}},
        "names": {"type": "track", "event": "x", "anonymousId": "a", "properties": {f"{n:x}": 0 for n in range(3_500)}},
        "items-wide": {"type": "track", "event": "add_to_cart", "anonymousId": "a",
                       "properties": {"items": [{"item_id": 1}] * 100, **{f"{n:x}": 0 for n in range(50)}}},
    }
    for name, event in events.items():
        text = json.dumps(event, separators=(",", ":")).encode()
        assert len(text) <= 32 * 1024, name
        yield f"grows-{name}", b"c" + text
    yield "grows-context", b'{"context":{"a":[' + b"1," * 16_000 + b'1]},"batch":[{"type":"page","anonymousId":"a"}]}'
    yield "grows-verdicts", b'{"batch":[' + b"0," * 511 + b"0]}"
    yield "grows-count", b'{"batch":[' + b"0," * 32_000 + b"0]}"
    yield "grows-sent-at", b'{"sentAt":[' + b"0," * 32_000 + b'0],"batch":[]}'
    yield "grows-text", b'{"batch":"' + b"x" * 60_000 + b'"}'
    yield "grows-key", b'{"writeKey":"' + b"\\n" * 30_000 + b'","batch":[]}'
    yield "bomb", gzip.compress(b" " * 10_000_000, mtime=0)


def visitor_tokens():
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")
    claims = {"sub": "customer-1", "aud": "beckon", "exp": 1763800600, "iat": 1763800000}
    several = [claims, claims | {"aud": ["x", "beckon"]}, claims | {"nbf": 1763800000.5}, claims | {"exp": 1e30}, claims | {"sub": 7}]
    for number, one in enumerate(several):
        text = json.dumps(one).encode()
        yield f"claims-{number}", text
        for header in [{"alg": "HS256", "kid": "key_a"}, {"alg": "none", "kid": "key_a"}]:
            signed = part(header) + b"." + part(one)
            signature = hmac.digest(b"ts_the-key-of-a-shop", signed, "sha256")
            yield f"token-{number}-{header['alg']}", signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")


def page_urls():
    mail = "mail.0123456789abcdef0123456789abcdef.2"
    hosts = ["shop.example", "jo:secret@shop.example", "jo@shop.example", "j@o:s@shop.example:80", "[::1]:8080", "jo;x:s@shop.example"]
    starts = ["https://", "//", "https:", "https:///", "ht\ntp:\\\\", "shop://", "/", "wss://", "mailto:", "file:///", " \thttps:/\\"]
    ends = ["", "/", f"/cart?decision_id={mail}#top", f"/cart?decision_id={mail[:-1]}0", "/a/@b;jsessionid=1", "?x=1;y", "#f?q", "/jo%40example.com"]
    addresses = [start + host + end for start in starts for host in hosts for end in ends]
    for number, address in enumerate(addresses):
        yield f"{number:03}", address.encode()


def main():
    targets = [
        ("ruleset", rulesets()), ("stream_line", stream_lines()), ("session_index", session_indexes()),
        ("kinesis_record", kinesis_records()), ("collector_body", collector_bodies()),
        ("visitor_token", visitor_tokens()), ("page_url", page_urls()),
    ]
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
