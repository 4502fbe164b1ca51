"""`manage.py make_demo`: the demo community of a first run."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from community.demo.build import build_demo, sign_ins
from members.models import Member


class Command(BaseCommand):
    help = "Make a believable community of invented people, with 120 days of history and a sign-in for each role."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing where there is a member already"
        )
        parser.add_argument(
            "--show-sign-ins", action="store_true", help="only print the sign-ins of the demo"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["show_sign_ins"]:
            self.show_sign_ins()
            return
        if settings.SITE_IS_HTTPS:
            raise CommandError("The demo's passwords are public, so it is only made where SITE_URL is http.")
        if Member.objects.exists():
            if options["if_empty"]:
                return
            raise CommandError("There are members already; the demo is made in an empty community.")
        made = build_demo()
        self.stderr.write("made " + ", ".join(f"{count} {noun}" for noun, count in made.items()))
        self.show_sign_ins()

    def show_sign_ins(self) -> None:
        """Print role, address and password, for those that are there."""
        rows = sign_ins()
        present = set(
            Member.objects.filter(email__in=[email for _role, email, _password in rows]).values_list(
                "email", flat=True
            )
        )
        if present:
            self.stdout.write(f"{'Sign in as':<14} {'with this address':<24} and this password")
        for role, email, password in rows:
            if email in present:
                self.stdout.write(f"{role:<14} {email:<24} {password}")
