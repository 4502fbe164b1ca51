"""Limits are counted in a Redis that is waited for: on a busy machine the forgiving cache would leave it alone."""

import pytest


@pytest.fixture(autouse=True)
def _patient_redis(settings):
    patient = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "OPTIONS": {}}
    settings.CACHES = {"default": {**settings.CACHES["default"], **patient}}
