"""A table of a stack as it was at a moment: python shared/cli/deploy/restore.py COMMAND TABLE --stack-name NAME [--region R]

  start     begins to restore the table, into <table>-restored; --at is a moment of UTC, such as 2026-03-01T11:59:00Z
  status    how far that is
  compare   how many items the copy has, the table lacks, and would be changed; changes nothing
  copy      puts every item of the copy that differs; with --delete also deletes what the copy has not

TABLE is the logical id (ProfileTable). Stop what writes first: DEPLOY.md says how. Needs boto3: the Python of
`cargo beckon stack tools` has it. All items are held in memory.
"""

import argparse
from datetime import datetime

import boto3


def physical(client, stack, logical):
    answer = client.describe_stack_resource(StackName=stack, LogicalResourceId=logical)
    return answer["StackResourceDetail"]["PhysicalResourceId"]


def keys_of(client, table):
    schema = client.describe_table(TableName=table)["Table"]["KeySchema"]
    return [one["AttributeName"] for one in schema]


def items(client, table):
    """Every item, by strongly consistent reads."""
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def key(item, names):
    return tuple(tuple(sorted(item[name].items())) for name in names)


def differences(client, table, copy):
    """What makes the table as the copy: items to put, keys to delete."""
    names = keys_of(client, table)
    now = {key(item, names): item for item in items(client, table)}
    puts, count = [], 0
    for item in items(client, copy):
        count += 1
        if now.pop(key(item, names), None) != item:
            puts.append(item)
    return count, puts, [{name: item[name] for name in names} for item in now.values()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["start", "status", "compare", "copy"])
    parser.add_argument("table")
    parser.add_argument("--stack-name", required=True)
    parser.add_argument("--at")
    parser.add_argument("--delete", action="store_true")
    parser.add_argument("--region")
    parser.add_argument("--endpoint-url")
    asked = parser.parse_args()
    session = lambda service: boto3.client(service, region_name=asked.region, endpoint_url=asked.endpoint_url)
    client = session("dynamodb")
    table = physical(session("cloudformation"), asked.stack_name, asked.table)
    copy = f"{table}-restored"
    if asked.command == "start":
        if not asked.at:
            parser.error("start needs --at")
        at = datetime.fromisoformat(asked.at.replace("Z", "+00:00"))
        if at.tzinfo is None:
            parser.error("--at needs its zone: end it with Z")
        client.restore_table_to_point_in_time(SourceTableName=table, TargetTableName=copy, RestoreDateTime=at)
        print(f"{copy}: restoring {table} as of {at.isoformat()}")
    elif asked.command == "status":
        print(f"{copy}: {client.describe_table(TableName=copy)['Table']['TableStatus']}")
    else:
        count, puts, deletions = differences(client, table, copy)
        print(f"{copy} has {count} items: {len(puts)} differ or are missing in {table}, which has {len(deletions)} more")
        if asked.command == "copy":
            for item in puts:
                client.put_item(TableName=table, Item=item)
            for one in deletions if asked.delete else []:
                client.delete_item(TableName=table, Key=one)
            print(f"{table}: {len(puts)} put, {len(deletions) if asked.delete else 0} deleted")


if __name__ == "__main__":
    main()
