"""`manage.py api_token`: a token for a member, printed once; for set-up scripts and for people who run the server."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from community.core.errors import DomainError
from community.core.models import Scope
from community.core.tokens import DEFAULT_DAYS, LONGEST_DAYS, create_token
from members.actions.member import normal_email
from members.models import Member


class Command(BaseCommand):
    help = "Make an API token that acts as a member, and print it; it cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--member", required=True, metavar="EMAIL", help="whom it acts as")
        parser.add_argument(
            "--scope", choices=Scope.values, default=Scope.READ.value, help="read is the default"
        )
        parser.add_argument("--name", default="command line", help="what will use it")
        parser.add_argument(
            "--days",
            type=int,
            default=DEFAULT_DAYS,
            help=f"until it ends: {DEFAULT_DAYS}, at most {LONGEST_DAYS}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            address = normal_email(options["member"])
            member = Member.objects.filter(email=address).first()
            if member is None:
                raise CommandError("No member has this address.")
            made = create_token(
                member, by=None, name=options["name"], scope=Scope(options["scope"]), days=options["days"]
            )
        except DomainError as error:
            raise CommandError(error.sentence) from error
        self.stderr.write(
            f"{made.token.name}, {made.token.scopes[-1]}, until {made.token.expires_at:%Y-%m-%d}"
        )
        self.stdout.write(made.secret)
