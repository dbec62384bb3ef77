"""What a workflow of this project must keep: python workflows.py WORKFLOW...

Exit code 1, and a line for each fault.
"""

import re
import sys
from pathlib import Path

import yaml

PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
# What somebody else may have written: in a script it could become commands. It goes through an environment variable.
STRANGE = re.compile(r"\$\{\{\s*(github\.(event|head_ref|ref_name)|inputs\.)")


def faults(text):
    """What is wrong with a workflow."""
    workflow = yaml.safe_load(text)
    if workflow.get("permissions") != {}:
        yield "permissions: {} must stand at the top: a job names what it needs"
    # YAML reads the key `on` as true.
    if "pull_request_target" in (workflow.get("on") or workflow.get(True) or {}):
        yield "pull_request_target runs other people's code with this repository's rights"
    for name, job in workflow["jobs"].items():
        if "permissions" not in job:
            yield f"{name}: it names no permissions"
        if job.get("permissions") in ("write-all", "read-all"):
            yield f"{name}: {job['permissions']}: name what it needs"
        if "timeout-minutes" not in job:
            yield f"{name}: it may run for ever: timeout-minutes"
        for step in job.get("steps", []):
            if "uses" in step and not PINNED.fullmatch(step["uses"]):
                yield f"{name}: {step['uses']} is not pinned by its commit"
            if step.get("uses", "").startswith("actions/checkout@") and step.get("with", {}).get("persist-credentials") is not False:
                yield f"{name}: checkout leaves its credentials: persist-credentials: false"
            if STRANGE.search(step.get("run", "")):
                yield f"{name}: a script holds what somebody else wrote: hand it over in env"
    for line in text.splitlines():
        if re.search(r"uses: \S+@[0-9a-f]{40}$", line):
            yield f"{line.strip()}: which version is it? Write it behind a #"
        if re.search(r"secrets\.\w*(AWS|ACCESS_KEY)", line):
            yield f"{line.strip()}: no long-lived keys: a role by OIDC"


def of_itself():
    """Each rule finds what it is there for."""
    good = """on: push
permissions: {}
jobs:
  a:
    timeout-minutes: 5
    permissions: { contents: read }
    steps:
      - uses: actions/checkout@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa # v1
        with: { persist-credentials: false }
      - run: echo $X
        env: { X: "${{ inputs.x }}" }
"""
    if list(faults(good)):
        return [f"a good workflow is refused: {list(faults(good))}"]
    edits = [
        ("permissions: {}", "permissions: read-all"),
        ("on: push", "on: { pull_request_target: {} }"),
        ("    timeout-minutes: 5\n", ""),
        ("    permissions: { contents: read }\n", ""),
        ("{ contents: read }", "write-all"),
        ("a" * 40 + " # v1", "v1"),
        (" # v1", ""),
        ("persist-credentials: false", "fetch-depth: 0"),
        ("echo $X", "echo ${{ github.event.issue.title }}"),
        ("${{ inputs.x }}", "${{ secrets.AWS_ACCESS_KEY_ID }}"),
    ]
    return [f"not found: {that!r}" for this, that in edits if not list(faults(good.replace(this, that, 1)))]


def main(paths):
    lines = of_itself()
    for path in paths:
        lines += [f"{path}: {fault}" for fault in faults(Path(path).read_text())]
    print(*lines, sep="\n", end="\n" if lines else "")
    if not lines:
        print(f"workflows: {len(paths)} in order; each of 10 faults is found")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
