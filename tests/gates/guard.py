"""cfn-guard over the template, after each rule has found what it is there for: python guard.py CFN-GUARD TEMPLATE

Exit code 1, and a line for each rule that the template breaks, and each that does not find what bad.yaml breaks.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

HERE = Path(__file__).parent
RULES = HERE / "template.guard"


def results(guard, folder):
    """The rules that each template of a folder breaks, and those that it keeps: {file: (broken, kept)}."""
    command = [guard, "validate", "-r", RULES, "-d", folder, "--structured", "-o", "json", "-S", "none"]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        reports = json.loads(done.stdout)
    except ValueError:
        sys.exit(f"cfn-guard did not read {folder}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    broken = lambda report: {one["Rule"]["name"] for one in report["not_compliant"]}
    return {Path(one["name"]).name: (broken(one), set(one["compliant"])) for one in reports}


def of_rules(guard, names):
    """What is wrong with the rules themselves."""
    good = (HERE / "good.yaml").read_text()
    cases = yaml.safe_load((HERE / "bad.yaml").read_text())
    lines = [f"bad.yaml breaks {name}, and template.guard has no such rule" for name in cases if name not in names]
    lines += [f"{name}: bad.yaml has nothing that breaks it" for name in names if name not in cases]
    with tempfile.TemporaryDirectory() as folder:
        wanted = {}
        Path(folder, "good.yaml").write_text(good)
        for name, edits in cases.items():
            for number, edit in enumerate(edits):
                if edit["this"] not in good:
                    lines.append(f"{name}: good.yaml has no {edit['this']!r}")
                file = f"{name}-{number}.yaml"
                Path(folder, file).write_text(good.replace(edit["this"], edit["that"], 1))
                wanted[file] = (name, edit)
        found = results(guard, folder)
    broken, kept = found.pop("good.yaml")
    lines += [f"{name}: good.yaml does not keep it" for name in sorted(broken)]
    lines += [f"{name}: good.yaml has nothing that it looks at" for name in sorted(set(names) - broken - kept)]
    for file, (name, edit) in wanted.items():
        if name not in found.get(file, (set(),))[0]:
            lines.append(f"{name}: it does not find {edit['that'] or 'the lack of ' + edit['this']!r}")
    return lines, len(wanted)


def main(guard, template):
    names = re.findall(r"^rule (\w+)", RULES.read_text(), re.MULTILINE)
    lines, case_count = of_rules(guard, names)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "template.yaml").write_text(Path(template).read_text())
        broken, _ = results(guard, folder)["template.yaml"]
    lines += [f"{template}: {name} is broken: cfn-guard validate -r {RULES} -d {template}" for name in sorted(broken)]
    print(*lines, sep="\n", end="\n" if lines else "")
    if not lines:
        print(f"cfn-guard: {len(names)} rules kept; each finds what breaks it ({case_count} broken templates)")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
