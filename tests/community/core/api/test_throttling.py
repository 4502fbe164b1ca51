"""The limit of one member; without Redis there is none."""

from datetime import UTC, datetime

import pytest
import time_machine

from tests.api import Program
from tests.servers import free_port

pytestmark = pytest.mark.django_db


def test_a_member_is_stopped_for_the_rest_of_the_minute(settings, member, other_member):
    settings.API_REQUESTS_PER_MINUTE = 3
    # The same Redis without forgiveness: on a busy machine it would be left alone for being slow.
    patient = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "OPTIONS": {}}
    settings.CACHES = {"default": {**settings.CACHES["default"], **patient}}
    programs = [Program(member), Program(member)]
    # The beginning of this minute: the database goes by its own clock, which must not be behind.
    with time_machine.travel(datetime.now(UTC).replace(second=0, microsecond=0), tick=False):
        answers = [programs[turn % 2].get("members/me/") for turn in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert answers[-1]["Retry-After"] == "60"
        assert answers[-1].json()["fields"] == {}
        assert Program(other_member).get("members/me/").status_code == 200


def test_without_redis_nobody_is_stopped(settings, member):
    settings.API_REQUESTS_PER_MINUTE = 1
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": nowhere}}
    program = Program(member)
    assert [program.get("members/me/").status_code for _turn in range(3)] == [200, 200, 200]
