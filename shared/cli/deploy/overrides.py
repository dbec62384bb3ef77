"""What samconfig.toml says of an environment: python3 shared/cli/deploy/overrides.py ENVIRONMENT [--stack-name]

Prints its parameter overrides, one line of NAME=VALUE; or its stack's name. Needs Python 3.11.
"""

import sys
import tomllib
from pathlib import Path

settings = tomllib.loads(Path(__file__).parents[3].joinpath("samconfig.toml").read_text())
parameters = settings[sys.argv[1]]["deploy"]["parameters"]
print(parameters["stack_name"] if "--stack-name" in sys.argv else " ".join(parameters["parameter_overrides"]))
