"""How large a synthetic community is, and how its posts fall to its topics; pure arithmetic."""

import random
from dataclasses import asdict, dataclass

# The topic every forum has most of: what the budget of the topic page is measured on.
TYPICAL_POSTS = 20
LONG_TOPIC_ID = 1
TYPICAL_TOPIC_ID = 2


class TooSmallError(ValueError):
    """The sizes contradict each other; the text says which."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What is asked for, and exactly what is built."""

    members: int
    topics: int
    posts: int
    long_topic: int

    def __post_init__(self) -> None:
        if self.members < 20:
            raise TooSmallError("The bench needs at least 20 members.")
        if self.topics < 2:
            raise TooSmallError("The bench needs at least 2 topics: the long one and a typical one.")
        if self.long_topic < TYPICAL_POSTS:
            raise TooSmallError(f"The long topic has at least {TYPICAL_POSTS} posts.")
        least = self.long_topic + TYPICAL_POSTS + self.topics - 2
        if self.posts < least:
            raise TooSmallError(
                f"{self.topics} topics with one of {self.long_topic} posts are at least {least} posts."
            )

    @property
    def database(self) -> str:
        return f"trefoil_bench_{self.members}_{self.topics}_{self.posts}_{self.long_topic}"

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def posts_by_topic(sizes: Sizes, seed: int) -> list[int]:
    """The number of posts of topic 1, 2, …: in sum `sizes.posts`. Many short threads and a few long ones."""
    chance = random.Random(seed)  # noqa: S311 - a generated community, not a secret
    ordinary = sizes.topics - 2
    left = sizes.posts - sizes.long_topic - TYPICAL_POSTS - ordinary
    weights = [chance.lognormvariate(0.0, 1.1) for _topic in range(ordinary)]
    total = sum(weights) or 1.0
    counts = [1 + int(left * weight / total) for weight in weights]
    short_by = sizes.posts - sizes.long_topic - TYPICAL_POSTS - sum(counts)
    for place in range(short_by if counts else 0):
        counts[place % len(counts)] += 1
    if not counts:
        return [sizes.posts - TYPICAL_POSTS, TYPICAL_POSTS]
    return [sizes.long_topic, TYPICAL_POSTS, *counts]
