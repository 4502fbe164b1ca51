"""`manage.py create_member`: an account made by whoever runs the server; the first one has to come from somewhere."""

import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from community.core.errors import DomainError
from members.actions.member import create_member
from members.models import Member, RoleName

LONGEST_PASSWORD = 200


class Command(BaseCommand):
    help = "Make an account. Without a password the person signs in with a code sent to the address."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name", help="as other members see it")
        parser.add_argument("--role", choices=RoleName.values, default=RoleName.MEMBER.value)
        parser.add_argument("--handle", help="without one it is made out of the name")
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from standard input: never an argument",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        password = self.read_password(options) if options["password_stdin"] else None
        try:
            member = create_member(
                by=None,
                email=options["email"],
                display_name=options["name"],
                handle=options["handle"],
                role=RoleName(options["role"]),
                password=password,
            )
        except DomainError as error:
            raise CommandError(error.sentence) from error
        self.stdout.write(
            f"{member.display_name} <{member.email}>, {options['role']}, handle {member.handle}"
        )

    def read_password(self, options: dict[str, Any]) -> str:
        password = sys.stdin.readline(LONGEST_PASSWORD + 2).rstrip("\n")
        if not 0 < len(password) <= LONGEST_PASSWORD:
            raise CommandError(
                f"Standard input must hold a password of at most {LONGEST_PASSWORD} characters."
            )
        try:
            validate_password(password, Member(email=options["email"], display_name=options["name"]))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        return password
