"""Every hostile line as title, body and tag of a topic: what is stored is what was typed, cleaned as documented."""

import pytest
from django.db import transaction

from community.core.text import Prose, SourceFormat, clean_line, clean_source, render, source_problem
from discussions.actions.topic import create_topic
from discussions.models import Topic, TopicKind
from tests import hostile
from tests.factories import make_space, make_topic

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("source_format", list(SourceFormat))
def test_lines_of_our_own_survive(member, source_format):
    assert_lines_survive([*hostile.own_scripts(), *hostile.own_strings()], member, source_format)


@pytest.mark.skipif(
    not hostile.SCRIPTS_SHARED.exists(), reason="the public lists of script payloads are not here"
)
def test_public_lines_of_script_survive(member):
    assert_lines_survive(hostile.shared_scripts(), member, SourceFormat.MARKDOWN)


@pytest.mark.skipif(
    not hostile.STRINGS_SHARED.exists(), reason="the public list of naughty strings is not here"
)
def test_public_naughty_strings_survive(member):
    assert_lines_survive(hostile.shared_strings(), member, SourceFormat.MARKDOWN)


def assert_lines_survive(lines, member, source_format):
    space = make_space("Hostile")
    expected = {}
    with transaction.atomic():
        for line in lines:
            # A title of which nothing can be seen is refused, and so is an empty body; see tests of the text.
            title, source = clean_line(line)[:200].strip(), clean_source(line)
            if not title or source_problem(source, source_format):
                continue
            tag = clean_line(line)[:40].strip()
            prose = Prose(line, source_format)
            topic = create_topic(
                space, by=member, kind=TopicKind.DISCUSSION, title=title, prose=prose, tags=[tag]
            )
            expected[topic.pk] = (title, source, render(source, source_format).html, tag.casefold())
    found = {
        topic.pk: (topic.title, post.source, post.html, tag.name.casefold())
        for topic in Topic.objects.prefetch_related("posts", "tags")
        for post in topic.posts.all()
        for tag in topic.tags.all()
    }
    assert len(expected) > 50
    assert found == expected


def test_a_tag_may_be_long_in_any_letters(member):
    """In an address each of them is nine or twelve signs."""
    for letter in "漢𝔘é":
        topic = make_topic(by=member, tags=[letter * 40])
        assert list(topic.tags.names()) == [letter * 40]
