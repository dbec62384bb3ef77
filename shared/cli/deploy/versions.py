"""Versions of a stack's functions: python shared/cli/deploy/versions.py COMMAND --stack-name NAME [--region R] [--endpoint-url URL]

  list                      each function: which version is live, and which there are
  check                     exit code 1 when a function was changed and what is live was not
  rollback VERSION [NAME]   what is live becomes this version of the function (`previous`: the one before), of all without NAME
  publish [NAME]            what was changed becomes a version, and live at once

Needs boto3: the Python of `cargo beckon stack tools` has it. It changes nothing but the alias, and says what it changed.
"""

import argparse
import sys

import boto3

ALIAS = "live"
# What makes two versions different in what they do.
FIELDS = ("CodeSha256", "Environment", "MemorySize", "Timeout", "Role", "Runtime", "Architectures", "LoggingConfig")


def functions(session, stack):
    """Names of the stack's functions by logical id, those that have the alias."""
    client = session("cloudformation")
    found = {}
    for page in client.get_paginator("list_stack_resources").paginate(StackName=stack):
        for one in page["StackResourceSummaries"]:
            if one["ResourceType"] == "AWS::Lambda::Function":
                found[one["LogicalResourceId"]] = one["PhysicalResourceId"].rsplit(":", 1)[-1]
    return found


def numbers(client, name):
    """Published versions, oldest first."""
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    return sorted(int(one["Version"]) for page in pages for one in page["Versions"] if one["Version"] != "$LATEST")


def live(client, name):
    """The version that the alias leads to, and to which others it leads in part."""
    alias = client.get_alias(FunctionName=name, Name=ALIAS)
    return alias["FunctionVersion"], alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})


def behind(client, name):
    """What of the function was changed and is not live."""
    latest = client.get_function_configuration(FunctionName=name)
    at_alias = client.get_function_configuration(FunctionName=name, Qualifier=ALIAS)
    return [field for field in FIELDS if latest.get(field) != at_alias.get(field)]


def point(client, name, version):
    """Makes a version live, all of it."""
    client.update_alias(
        FunctionName=name, Name=ALIAS, FunctionVersion=version, RoutingConfig={"AdditionalVersionWeights": {}}
    )


def rollback(client, name, wanted):
    was, _ = live(client, name)
    there = numbers(client, name)
    if wanted == "previous":
        older = [number for number in there if number < int(was)]
        if not older:
            return f"{name}: version {was} stays: there is none before it"
        wanted = str(older[-1])
    if int(wanted) not in there:
        sys.exit(f"{name}: there is no version {wanted}; there are {there}")
    point(client, name, wanted)
    return f"{name}: {was} -> {wanted}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["list", "check", "rollback", "publish"])
    parser.add_argument("words", nargs="*")
    parser.add_argument("--stack-name", required=True)
    parser.add_argument("--region")
    parser.add_argument("--endpoint-url")
    asked = parser.parse_args()
    session = lambda service: boto3.client(service, region_name=asked.region, endpoint_url=asked.endpoint_url)
    words = list(asked.words)
    wanted = words.pop(0) if asked.command == "rollback" and words else None
    if asked.command == "rollback" and wanted is None:
        parser.error("rollback needs a version, or previous")
    found = functions(session, asked.stack_name)
    unknown = [word for word in words if word not in found]
    if unknown:
        parser.error(f"the stack has no function {', '.join(unknown)}: it has {', '.join(sorted(found))}")
    client, code = session("lambda"), 0
    for logical in words or sorted(found):
        name = found[logical]
        if asked.command == "list":
            version, weights = live(client, name)
            partly = "".join(f", {weight:.0%} to {other}" for other, weight in weights.items())
            print(f"{logical}: live {version}{partly}; there are {numbers(client, name)}")
        elif asked.command == "rollback":
            print(rollback(client, name, wanted))
        else:
            changed = behind(client, name)
            if changed and asked.command == "publish":
                version = client.publish_version(FunctionName=name)["Version"]
                point(client, name, version)
                print(f"{logical}: {version} is live ({', '.join(changed)})")
            elif changed:
                code = 1
                print(f"{logical}: {', '.join(changed)} of it changed and is not live: `publish` it")
    return code


if __name__ == "__main__":
    sys.exit(main())
