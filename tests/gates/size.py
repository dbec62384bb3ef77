"""How large each function is as Lambda gets it: python3 size.py FOLDER

FOLDER is what a build left: target/lambda (FOLDER/<function>/bootstrap), .aws-sam/build, or target/release. Prints a table in
Markdown, bytes of the program and of its zip. The goal is 4 MB a zip, which is not met: ARCHITECTURE.md says by how much. Exit
code 1 when a zip is above the limit, which is what they weigh today and a little, or a function is missing.
"""

import sys
import zipfile
from io import BytesIO
from pathlib import Path

GOAL_BYTES = 4_000_000
# Lower it with every gain: nothing may grow meanwhile.
LIMIT_BYTES = 6_600_000
ROOT = Path(__file__).parents[2]


def program(folder, name):
    """The function's program in what a build left, or None."""
    logical = "".join(part.capitalize() for part in name.split("-")) + "Function"
    places = [folder / name / "bootstrap", folder / logical / "bootstrap", folder / name]
    return next((place for place in places if place.is_file()), None)


def zipped(path):
    """Bytes of the zip that holds this program alone, as SAM packs it."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "bootstrap")
    return buffer.tell()


def main(folder):
    names = sorted(path.parent.parent.name for path in ROOT.glob("functions/*/src/main.rs"))
    faults = []
    print("| function | program, bytes | zip, bytes | of the goal |\n|---|---|---|---|")
    for name in names:
        path = program(Path(folder), name)
        if path is None:
            faults.append(f"{name}: not in {folder}")
            continue
        size = zipped(path)
        print(f"| {name} | {path.stat().st_size:,} | {size:,} | {size / GOAL_BYTES:.0%} |")
        if size > LIMIT_BYTES:
            faults.append(f"{name}: its zip has {size:,} bytes, and {LIMIT_BYTES:,} is the limit")
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults or not names else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
