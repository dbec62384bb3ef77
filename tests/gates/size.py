"""How large each function is as Lambda gets it: python3 size.py FOLDER

FOLDER is what a build left: target/lambda (FOLDER/<function>/bootstrap), .aws-sam/build, or target/release. Prints a table in
Markdown, bytes of the program and of its zip, packed as SAM packs it. The goal is 4 MB a zip; what does not meet it stands in
ABOVE_GOAL with what it weighs and a little. Exit code 1 when a zip is above its limit, or a function is missing.
"""

import sys
import zipfile
from io import BytesIO
from pathlib import Path

GOAL_BYTES = 4_000_000
# Lower them with every gain, and take out what meets the goal: nothing may grow meanwhile.
ABOVE_GOAL = {
    "admin": 6_700_000,
    "cart-mailer": 4_900_000,
    "decisions": 5_800_000,
    "profiler": 5_000_000,
    "trainer": 4_400_000,
}
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
        limit = ABOVE_GOAL.get(name, GOAL_BYTES)
        if size > limit:
            faults.append(f"{name}: its zip has {size:,} bytes, and {limit:,} is the limit")
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults or not names else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
