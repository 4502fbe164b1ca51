"""The root: it joins the apps, and nobody imports it. `community.core` below it is the floor for everybody."""

from community.celery import app as celery_app

__all__ = ["celery_app"]
