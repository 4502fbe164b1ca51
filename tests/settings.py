"""The project's settings, told apart from those of the machine: a test sees neither `.env` nor a developer's data."""

import os
from itertools import count
from pathlib import Path

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")

# Before `community.env` reads them; an empty value counts as unset and keeps `.env` out.
os.environ |= {
    "DEBUG": "0",
    "SITE_URL": "http://testserver",
    "COMMUNITY_NAME": "Trefoil",
    "EMAIL_HOST": "",
    "SECRET_KEY_FALLBACKS": "",
    "ALLOWED_HOSTS": "",
    "TRUSTED_PROXY_COUNT": "",
    "GALLERY": "1",
    "LOG_LEVEL": "WARNING",
}
if not os.environ.get("TREFOIL_VAR"):
    # Servers of their own, whose data may be lost: nothing waits for a disk.
    os.environ["TREFOIL_VAR"] = str(Path(__file__).resolve().parent.parent / "var" / "tests")
    os.environ["TREFOIL_EMBEDDED_FAST"] = "1"

from community.settings import *  # noqa: E402, F403
from community.settings import CACHES, CELERY_BROKER_TRANSPORT_OPTIONS, DATABASES, STORAGES  # noqa: E402

# Not collected, no manifest: tests read static files where they lie.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Photos of one test are gone with its process.
STORAGES["default"] = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True

# What a test commits need not survive a power cut, on whatever server it runs.
DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=off"
DATABASES["default"]["CONN_MAX_AGE"] = 0

# Workers share one Redis: each has its own names in it.
CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = f"test-{WORKER}-"
CACHES["default"]["KEY_FUNCTION"] = "tests.settings.cache_key"

_epochs = count()
_epoch = 0


def cache_key(key: str, prefix: str, version: int) -> str:
    return f"test-{WORKER}-{os.getpid()}-{_epoch}:{prefix}:{version}:{key}"


def forget_cache() -> None:
    """Every key written before is out of reach, in all threads: a flush would empty the cache of other workers."""
    global _epoch
    _epoch = next(_epochs)
