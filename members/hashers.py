"""Password hashing, with parameters chosen by measurement: docs/decisions/0004-password-hashing.md."""

import threading
from typing import Final

from django.contrib.auth.hashers import Argon2PasswordHasher

# Hashing leaves Python's lock: without a bound, one process of four threads could take both cores of a small
# machine and four times the memory, and pages that people read would wait behind a burst of guesses.
PARALLEL_HASHES: Final = 2
_turns = threading.BoundedSemaphore(PARALLEL_HASHES)


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with 19 MiB, three passes, one lane; at most two at a time in a process."""

    time_cost = 3
    memory_cost = 19 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _turns:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _turns:
            return super().verify(password, encoded)
