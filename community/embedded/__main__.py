"""`python -m community.embedded`: start a supervisor, as processes do by themselves, or look after them."""

import sys
from pathlib import Path

from community import embedded
from community.embedded.lease import keep_running
from community.embedded.places import Places
from community.embedded.supervisor import supervise


def main(arguments: list[str]) -> int:
    match arguments:
        case ["supervise", ("postgres" | "redis") as kind, var]:
            return supervise(Places(Path(var), kind))
        case ["keep"]:
            # Beside `make run`: holds the servers, and starts again a supervisor that was killed.
            embedded.database_url()
            embedded.redis_url()
            keep_running()
    sys.stderr.write("usage: python -m community.embedded keep | supervise postgres|redis FOLDER\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
