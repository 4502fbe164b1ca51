"""Searching topics and posts: what is found, in which order, and never outside what the reader may see."""

import pytest
from django.urls import reverse

from community.core.models import SearchEntry
from community.core.text import Prose, SourceFormat
from discussions.actions.post import delete_post, edit_post
from discussions.actions.topic import edit_topic
from discussions.models import SpacePreset
from tests.factories import make_post, make_space, make_topic

pytestmark = pytest.mark.django_db


def find(web, words: str, **more: str) -> list[str]:
    response = web.get(reverse("search"), {"q": words, **more})
    assert response.status_code == 200
    return [row.snippet for row in response.context["results"]]


def titles(web, words: str) -> list[str]:
    return [row.title for row in web.get(reverse("search"), {"q": words}).context["results"]]


def test_search_stems_and_finds_beginnings_while_typing(web):
    make_topic(title="Negotiating renewals", body="We negotiated twice.")
    assert titles(web, "negotiation renewal") == ["Negotiating renewals"]
    assert titles(web, "nego") == ["Negotiating renewals"]
    assert titles(web, "unrelated") == []


def test_search_asks_for_every_word(web):
    make_topic(title="A", body="renewal of the contract")
    make_topic(title="B", body="renewal of the lease")
    assert titles(web, "lease renewal") == ["B"]
    assert titles(web, "renewal lea") == ["B"]


def test_search_puts_the_exact_phrase_first(web):
    make_topic(title="One", body="Our list price is public.")
    make_topic(
        title="Two", body="The price was fair, and so was the price before; nobody kept a list of any price."
    )
    assert titles(web, "list price") == ["One", "Two"]


def test_search_understands_quotes_and_minus(web):
    make_topic(title="A", body="annual budget review")
    make_topic(title="B", body="budget for the annual fair")
    assert titles(web, '"annual budget"') == ["A"]
    assert titles(web, "annual -review") == ["B"]


def test_search_finds_replies_by_their_own_words_and_marks_them(web):
    topic = make_topic(title="Opening hours")
    make_post(topic=topic, body="We close at <b>noon</b> & open at one.")
    assert find(web, "noon") == ["We close at <mark>noon</mark> &amp; open at one."]
    assert len(find(web, "opening hours")) == 1, "the title belongs to the topic, not to each reply"


def test_search_follows_edits_and_deletions(web, member):
    topic = make_topic(by=member, title="Old name")
    post = make_post(topic=topic, by=member, body="platypus")
    edit_post(post, by=member, prose=Prose("wombat", SourceFormat.MARKDOWN), version=1)
    assert (len(find(web, "platypus")), len(find(web, "wombat"))) == (0, 1)
    delete_post(post, by=member)
    assert find(web, "wombat") == []
    edit_topic(topic, by=member, title="New name", tags=[])
    assert titles(web, "old") == []
    assert titles(web, "new name") == ["New name"]


@pytest.mark.parametrize("preset", ["private", "hidden", "experts", "confidential"])
def test_search_never_looks_into_rooms_that_are_closed(web, other_member, client_as, preset):
    space = make_space(preset=SpacePreset(preset), members=[other_member])
    make_topic(space=space, by=other_member, title="Quetzalcoatl", body="quetzalcoatl")
    assert find(web, "quetzalcoatl") == []
    assert len(find(client_as(other_member), "quetzalcoatl")) == 1


def test_search_pages_without_double(web):
    for number in range(45):
        make_topic(title=f"Widget {number}", body="widget")
    seen: list[str] = []
    url = reverse("search") + "?q=widget"
    while url:
        response = web.get(url)
        seen += [row.title for row in response.context["results"]]
        url = response.context["older_url"]
    assert len(seen) == len(set(seen)) == 45


ODD = [
    "'",
    "''",
    ":*",
    "a:*",
    "!",
    "! !",
    "& |",
    "(",
    "a & (b",
    "<->",
    "\\",
    "%",
    "_",
    "--",
    "/*",
    "x" * 200,
    "ﷺ",
    "的",
    "-",
    '"',
]


@pytest.mark.parametrize("words", [*ODD, "a -", "1e9:A", "²", "½ Ⅷ"])
def test_search_takes_any_words(web, words):
    find(web, words)


def test_search_without_words_asks_for_some(web):
    response = web.get(reverse("search"))
    assert response.context["searched"] is False


def test_search_finds_old_and_new_things_alike(web):
    """Entries are asked age by age; every age is reached, and a word of all ages is answered newest first."""
    ages = (0, 7_999, 8_000, 63_999, 64_000, 511_999, 512_000, 2_000_000)
    for number, age in enumerate(ages):
        topic = make_topic(title=f"Age {number}", body="The heron stood still.")
        entry = SearchEntry.objects.filter(target_type="topic", target_id=topic.pk)
        entry.update(id=3_000_000 - age)
    assert titles(web, "heron") == [f"Age {number}" for number in range(len(ages))]


def test_search_in_an_empty_community(web):
    assert titles(web, "heron") == []
