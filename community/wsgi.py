"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "community.settings")

application = get_wsgi_application()

# Django imports the views with the first request. Here they are in memory before the workers are forked, so that one
# that takes the place of a dead one answers at once.
get_resolver().url_patterns  # noqa: B018 - reading it is what loads it
