"""What schemathesis is told of Beckon beyond the documents: bodies that are no JSON, signatures, and what a schema cannot say."""

import hashlib
import hmac
import time
import zlib

import schemathesis
from schemathesis.core import NOT_SET

# JSON Schema counts characters, and Beckon bytes: a text that is long and not ASCII may be too long where its schema takes it.
NOT_ASCII_MAX = 20
RULESET = "version: 1\nname: Mug shop\ncurrency: EUR\n"


def texts(value):
    """Every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from texts(name)
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def is_positive(case):
    return case.meta is None or case.meta.generation.mode.is_positive


@schemathesis.hook
def filter_case(context, case):
    if not is_positive(case):
        return True
    everything = [case.body, dict(case.query or {}), dict(case.path_parameters or {})]
    return not any(not text.isascii() and len(text) > NOT_ASCII_MAX for text in texts(everything))


def whole(value):
    """The same with whole numbers written as such: JSON Schema takes 7.0 for an integer, and Beckon takes it for no id."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, dict):
        return {name: whole(item) for name, item in value.items()}
    return [whole(item) for item in value] if isinstance(value, list) else value


def is_time(value):
    return isinstance(value, int) and not isinstance(value, bool) or isinstance(value, str) and value.strip()[4:5] == "-"


def reconcile(case):
    """What a schema takes and only the clock, the calendar or a second value makes wrong."""
    query, body = case.query or {}, case.body
    for name in ("as_of", "since", "until"):
        if is_time(query.get(name)):
            query[name] = "2025-11-22T08:00:00Z"
    if "percent" in query:
        query.pop("label", None)
    if isinstance(body, dict):
        if isinstance(body.get("valid_for"), str) and body["valid_for"].strip()[:1].isdigit():
            body["valid_for"] = "72h"
        # Ten thousand codes take the embedded DynamoDB longer than a request may.
        if isinstance(body.get("count"), int) and body["count"] > 100:
            body["count"] = 100
        if is_time(body.get("expires_at")):
            body["expires_at"] = "2099-01-31T00:00:00Z"


# Bodies that are no JSON: what schemathesis makes is replaced by one of these, three times of four.
BODIES = {
    "text/csv": ["code,id,title\nmug,Mug,x", "id,title\n,,\n", "code\n?", "x", 'id,title\n"a ""b""",x,y\n', ""],
    "application/x-ndjson": ['{"id":"mug","title":"Mug"}\n{', '{"title":"Lamp"}', "7\n\n", "[]", ""],
    "application/yaml": [RULESET, RULESET + "slotz: []\n", "", "a: [", "\t"],
}


def written(case):
    """A body that is no JSON, from what was made for it."""
    if isinstance(case.body, str) and "\n" in case.body:
        # An answer names the product of a row that was refused, which schemathesis would take for one that is there now.
        case.body = case.body.replace('{"id":"lamp"}', '{"title":"Lamp"}')
        return
    number = zlib.crc32(repr(case.body).encode(errors="replace"))
    if number % 4:
        case.body = BODIES[case.media_type][number // 4 % len(BODIES[case.media_type])]


@schemathesis.serializer("text/csv", "application/x-ndjson", "application/yaml")
def as_it_is(context, value):
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


class Signature:
    """Signs orders as a back office does, over the bytes that are sent. A case that lacks the header lacks it."""

    def __call__(self, request):
        if "Beckon-Signature" in request.headers:
            body = request.body or b""
            body = body.encode() if isinstance(body, str) else body
            seconds = str(int(time.time()))
            digest = hmac.new(b"sk_local", f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
            request.headers["Beckon-Signature"] = f"t={seconds},v1={digest}"
        return request


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.media_type in BODIES and case.body is not NOT_SET:
        written(case)
    elif isinstance(case.body, (dict, list)):
        case.body = whole(case.body)
    if is_positive(case):
        reconcile(case)
    if case.operation.path == "/v1/orders":
        kwargs["auth"] = Signature()
