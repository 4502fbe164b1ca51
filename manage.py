#!/usr/bin/env python
"""Django's command line for Trefoil."""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python gets a sentence
    sys.exit("Trefoil needs Python 3.11 or newer; this is Python %d.%d." % sys.version_info[:2])  # noqa: UP031

from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "community.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
