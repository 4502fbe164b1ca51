"""`python -m community.embedded`: starts one supervisor; processes call it, people never need to."""

import sys
from pathlib import Path

from community.embedded.places import Places
from community.embedded.supervisor import supervise


def main(arguments: list[str]) -> int:
    match arguments:
        case ["supervise", ("postgres" | "redis") as kind, var]:
            return supervise(Places(Path(var), kind))
    sys.stderr.write("usage: python -m community.embedded supervise postgres|redis FOLDER\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
