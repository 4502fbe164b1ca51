"""How often one member may ask. Counted in the cache that forgives: without Redis nobody is stopped (promise P8)."""

import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView

WINDOW_SECONDS = 60


class MemberThrottle(BaseThrottle):
    """A number of requests in each minute of the clock, over all tokens and sessions of a member.

    One increment a request: the list of times that REST framework keeps would be read and written whole each time,
    and two requests at once would lose one of them.
    """

    def allow_request(self, request: Request, view: "APIView") -> bool:
        key = f"api:{request.user.pk}:{int(time.time() // WINDOW_SECONDS)}"
        cache.add(key, 0, timeout=2 * WINDOW_SECONDS)
        try:
            count = cache.incr(key)
        except ValueError:
            # Evicted between the two calls: start again rather than stop somebody.
            return True
        return count <= settings.API_REQUESTS_PER_MINUTE

    def wait(self) -> float:
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS
