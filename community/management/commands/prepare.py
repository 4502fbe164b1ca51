"""`manage.py prepare`: what `make run` needs done before it serves; safe to run at every start."""

import hashlib
import io
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand

from community.embedded.places import sentence
from community.env import VAR
from community.launch import WELCOME

FINGERPRINT = "fingerprint"


class Command(BaseCommand):
    help = "Migrate, collect static files if they changed, and make the demo community in an empty database."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.prepare()
        except OSError as error:
            raise sentence(error, VAR) from error

    def prepare(self) -> None:
        self.say("preparing the database")
        call_command("migrate", interactive=False, verbosity=0)
        self.collect_static()
        # A public place gets real people; sign-ins that everybody knows are for one's own machine.
        if "make_demo" in get_commands() and not settings.SITE_IS_HTTPS:
            call_command("make_demo", if_empty=True, stdout=io.StringIO(), stderr=self.stderr)
            sign_ins = io.StringIO()
            call_command("make_demo", show_sign_ins=True, stdout=sign_ins)
            WELCOME.parent.mkdir(parents=True, exist_ok=True)
            WELCOME.write_text(sign_ins.getvalue(), encoding="utf-8")

    def say(self, text: str) -> None:
        self.stdout.write(f"trefoil: {text}")
        self.stdout.flush()

    def collect_static(self) -> None:
        """Collect only what differs from last time: hashing and compressing all of it takes seconds."""
        kept = Path(settings.STATIC_ROOT) / FINGERPRINT
        now = static_fingerprint()
        if kept.exists() and kept.read_text(encoding="ascii") == now:
            return
        self.say("collecting static files")
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        kept.write_text(now, encoding="ascii")


def static_fingerprint() -> str:
    """Return a digest over name, size and time of every static file."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list(None):
            facts = Path(storage.path(name)).stat()
            digest.update(f"{name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()
