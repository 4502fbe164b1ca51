"""The settings of the measured server: the production's, with the bench's database, addresses and Redis keys."""

from community.env import VAR, env_str
from community.settings import *  # noqa: F403
from community.settings import CACHES, CELERY_BROKER_TRANSPORT_OPTIONS, DATABASES, STORAGES

DATABASES["default"]["NAME"] = env_str("TREFOIL_BENCH_DATABASE")
ROOT_URLCONF = "community.bench.urls"

# The community's own keys and jobs in the same Redis are neither read nor written.
CACHES["default"]["KEY_PREFIX"] = "trefoil-bench"
CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = "trefoil-bench-"  # type: ignore[assignment]

# Hashed names, as pages of a real server print them, but no compressed copies: nobody fetches a file here.
STATIC_ROOT = VAR / "bench" / "static"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}

# One member asks hundreds of times a second; the limit is still looked up.
API_REQUESTS_PER_MINUTE = 1_000_000
