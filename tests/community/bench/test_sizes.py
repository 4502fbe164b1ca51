"""How posts fall to topics: exact sums, nobody without a post."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.bench.sizes import TYPICAL_POSTS, Sizes, TooSmallError, posts_by_topic


@given(
    topics=st.integers(2, 300),
    long_topic=st.integers(20, 500),
    more=st.integers(0, 5_000),
    seed=st.integers(0, 2**32),
)
def test_every_post_belongs_to_one_topic_and_every_topic_has_one(topics, long_topic, more, seed):
    sizes = Sizes(20, topics, long_topic + TYPICAL_POSTS + topics - 2 + more, long_topic)
    counts = posts_by_topic(sizes, seed)
    assert sum(counts) == sizes.posts
    assert len(counts) == topics
    assert min(counts) >= 1
    assert counts[1] == TYPICAL_POSTS
    if topics > 2:
        assert counts[0] == long_topic


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ((19, 10, 1000, 100), "20 members"),
        ((20, 1, 1000, 100), "2 topics"),
        ((20, 10, 1000, 19), "at least 20 posts"),
        ((20, 10, 127, 100), "at least 128 posts"),
    ],
)
def test_sizes_that_contradict_each_other_are_refused_with_a_sentence(sizes, sentence):
    with pytest.raises(TooSmallError, match=sentence):
        Sizes(*sizes)
