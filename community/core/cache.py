"""The cache that forgives: without Redis, or with a slow one, pages go on without what it would have saved."""

import logging
import time
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

# After a failure, or an answer slower than this, the process leaves Redis alone for a while: a request makes several
# calls, and each would wait for its own timeout (measured with 0.5 s an answer: 20 s for one sign-in, trust §0.9).
SLOW_SECONDS = 0.1
REST_SECONDS = 3.0


class ForgivingRedisCache(RedisCache):
    """Fails open: a read misses, a write is dropped, an increment counts from nothing.

    Rule for each use: page fragments and counts fail open; rate limits of sign-in fail open here and are backed by
    the slowness of the password hash; locks and idempotency are never kept here but in PostgreSQL.
    docs/threat-model.md has the table.
    """

    # By server, for all threads: Django makes a cache object for each thread.
    _rest_until: ClassVar[dict[str, float]] = {}

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._server = str(server)

    def _try(self, call: Callable[[], Answer], otherwise: Answer) -> Answer:
        began = time.monotonic()
        if began < self._rest_until.get(self._server, 0.0):
            return otherwise
        try:
            answer = call()
        except (RedisError, OSError) as error:
            self._rest(type(error).__name__)
            return otherwise
        if time.monotonic() - began > SLOW_SECONDS:
            self._rest("slow")
        return answer

    def _rest(self, reason: str) -> None:
        self._rest_until[self._server] = time.monotonic() + REST_SECONDS
        logger.warning("cache unreachable or slow, going on without it", extra={"reason": reason})

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._try(lambda: super(ForgivingRedisCache, self).get(key, default, version), default)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        return self._try(lambda: super(ForgivingRedisCache, self).get_many(keys, version), {})

    def set(self, key: str, value: Any, *args: Any, **kwargs: Any) -> None:
        self._try(lambda: super(ForgivingRedisCache, self).set(key, value, *args, **kwargs), None)

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> list[Any]:
        return self._try(lambda: super(ForgivingRedisCache, self).set_many(data, *args, **kwargs), [])

    def add(self, key: str, value: Any, *args: Any, **kwargs: Any) -> bool:
        return self._try(lambda: super(ForgivingRedisCache, self).add(key, value, *args, **kwargs), True)

    def touch(self, key: str, *args: Any, **kwargs: Any) -> bool:
        return self._try(lambda: super(ForgivingRedisCache, self).touch(key, *args, **kwargs), False)

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._try(lambda: super(ForgivingRedisCache, self).delete(key, version), False)

    def delete_many(self, keys: Any, version: int | None = None) -> None:
        self._try(lambda: super(ForgivingRedisCache, self).delete_many(keys, version), None)

    def has_key(self, key: str, version: int | None = None) -> bool:
        return self._try(lambda: super(ForgivingRedisCache, self).has_key(key, version), False)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        return self._try(lambda: super(ForgivingRedisCache, self).incr(key, delta, version), delta)

    def clear(self) -> None:
        self._try(lambda: super(ForgivingRedisCache, self).clear(), None)
