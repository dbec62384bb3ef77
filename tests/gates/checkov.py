"""checkov over the template, less what waivers.yaml explains: python checkov.py TEMPLATE [WAIVERS]

Exit code 1, and a line for each finding that nobody waived and each waiver that nothing needs.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import yaml


def findings(template):
    """Pairs of check and logical id that checkov finds, and how many checks passed."""
    # It is asked for nothing over the network: no platform, no external checks.
    program = Path(sys.executable).parent / "checkov"
    command = [program, "-f", template, "--framework", "cloudformation", "--skip-download", "-o", "json"]
    environment = {**os.environ, "LOG_LEVEL": "ERROR"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    try:
        report = json.loads(done.stdout)
        passed = report["summary"]["passed"]
        if report["summary"]["parsing_errors"] or passed == 0:
            raise KeyError("parsing_errors")
    except (ValueError, KeyError, TypeError):
        sys.exit(f"checkov did not read {template}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    failed = report["results"]["failed_checks"]
    return {(one["check_id"], one["resource"].split(".", 1)[-1]): one["check_name"] for one in failed}, passed


def unexplained(found, waivers):
    """Lines that say what to mend: findings without a waiver, waivers without a reason or without a finding."""
    lines, left = [], dict(found)
    for waiver in waivers:
        check, resources = waiver["check"], waiver["resources"]
        if len(waiver.get("reason", "")) < 40:
            lines.append(f"{check}: its waiver gives no reason")
        of_check = {resource for (name, resource) in found if name == check}
        named = of_check if resources == "every" else set(resources)
        if not of_check:
            lines.append(f"{check}: nothing is found any more: take its waiver out")
        for resource in sorted(named - of_check):
            lines.append(f"{check} {resource}: nothing is found any more: take it out of the waiver")
        for resource in named:
            left.pop((check, resource), None)
    lines.extend(f"{check} {resource}: {name}" for (check, resource), name in sorted(left.items()))
    return lines


def main(template, waivers=Path(__file__).with_name("waivers.yaml")):
    rows = yaml.safe_load(Path(waivers).read_text())
    found, passed = findings(template)
    lines = unexplained(found, rows)
    print(*lines, sep="\n", end="\n" if lines else "")
    print(f"checkov: {passed} passed, {len(found)} waived by {len(rows)} reasons" if not lines else "checkov: see above")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
