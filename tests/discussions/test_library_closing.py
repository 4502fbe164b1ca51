"""A thread that goes where others cannot read takes its words out of what was made of it (rules 3.1 and 5.2).

And two who decide about a resource at the same moment: one of them does, the other is told.
"""

import json
import threading

import pytest
from django.db import connection

from community.core.errors import DomainError
from community.core.models import Activity, SearchEntry
from community.core.text import Prose, SourceFormat
from community.core.verbs import Verb
from discussions.actions.contribution import answer_consent, ask_contributors, delete_passage, make_resource
from discussions.actions.rearrange import move_topic
from discussions.actions.resource import (
    ResourceWords,
    edit_resource,
    publish_resource,
    retire_resource,
    return_resource,
    submit_resource,
)
from discussions.actions.space import edit_space
from discussions.models import Consent, Resource, ResourceKind, TopicKind, forget_visible_spaces
from members.models import Member
from tests.factories import make_member, make_post, make_space, make_topic

WORD = "zqpricesqz"


def fresh(member):
    """As with each request: what they may see is asked anew."""
    member = Member.objects.get(pk=member.pk)
    forget_visible_spaces(member)
    return member


def written_around(resource, **values):
    prose = Prose("What we know.", SourceFormat.MARKDOWN)
    return ResourceWords(
        kind=ResourceKind.ARTICLE, title=resource.title, prose=prose, is_undisputed=True, **values
    )


def made_of_a_thread(*, owner, may_leave=False, asked=True):
    """A draft of two posts, one of an author with a name to look for; everybody asked has said yes."""
    space = make_space()
    author = make_member("Zelda Zqauthor")
    topic = make_topic(space=space, by=owner, body="How much is it?")
    post = make_post(topic=topic, by=author, body=f"It is {WORD} for all.")
    resource = make_resource(
        [topic.posts.get(number=1), post], by=owner, kind=ResourceKind.ARTICLE, title="Prices"
    )
    if asked:
        answer_consent(
            ask_contributors(resource, by=owner), by=author, choice=Consent.APPROVED, may_leave=may_leave
        )
        resource.refresh_from_db()
        resource = edit_resource(resource, by=owner, words=written_around(resource), version=resource.version)
    return topic, post, resource


def knows(client, resource):
    """Whether the passage, its author or its source stand in anything the reader is given."""
    page = client.get(f"/library/{resource.pk}/").content.decode()
    history = client.get(f"/library/{resource.pk}/history/").content.decode()
    export = client.get(f"/library/{resource.pk}/export/").content.decode()
    data = json.dumps(client.get(f"/api/v1/resources/{resource.pk}/").json())
    found = client.get(f"/api/v1/search/?q={WORD}").json()["results"]
    said = " ".join([page, history, export, data])
    return {
        "words": WORD in said,
        "author": "Zelda" in said,
        "found": any(row["url"].endswith(resource.get_absolute_url()) for row in found),
    }


ALL = {"words": True, "author": True, "found": True}
NOTHING = dict.fromkeys(ALL, False)


@pytest.mark.django_db
def test_what_moves_into_a_closed_space_leaves_what_was_made_of_it(client_as, manager, member):
    owner = make_member("Otto Owner")
    _topic, post, resource = made_of_a_thread(owner=owner)
    resource = publish_resource(resource, by=manager)
    # A version that holds the words.
    edit_resource(
        resource, by=owner, words=written_around(resource, summary="In short."), version=resource.version
    )
    reader, insider = client_as(member), make_member()
    passage = resource.passages.get(post=post)
    assert client_as(owner).get(f"/passages/{passage.pk}/edit/").status_code == 200
    topic = post.topic
    before, closed = topic.space, make_space(preset="hidden", members=[insider])
    assert knows(reader, resource) == ALL
    assert f"/posts/{post.pk}/" in reader.get(f"/library/{resource.pk}/").content.decode()
    move_topic(topic, closed, by=fresh(manager))
    # Readers, and its owner as well, who sees the hidden space as little as they do.
    for client in (reader, client_as(owner)):
        assert knows(client, resource) == NOTHING
        page = client.get(f"/library/{resource.pk}/").content.decode()
        assert "What we know." in page
        assert f"/posts/{post.pk}/" not in page
    assert client_as(owner).get(f"/passages/{passage.pk}/edit/").status_code == 404
    # Who reads the thread there reads the passage; what is found is the same for all.
    assert knows(client_as(insider), resource) == {**ALL, "found": False}
    assert WORD not in SearchEntry.objects.get(target_type="resource", target_id=resource.pk).text
    # Whoever wrote them still sees what stands there of theirs.
    assert knows(client_as(post.author), resource)["words"]
    move_topic(topic, before, by=fresh(manager))
    assert knows(reader, resource) == ALL


@pytest.mark.django_db
def test_a_space_that_is_closed_takes_its_words_with_it_too(client_as, manager, member):
    owner = make_member()
    topic, _post, resource = made_of_a_thread(owner=owner)
    other = make_space()
    Resource.objects.filter(pk=resource.pk).update(space=other)
    resource = publish_resource(Resource.objects.get(pk=resource.pk), by=manager)
    reader = client_as(member)
    assert knows(reader, resource) == ALL
    edit_space(
        topic.space, by=manager, name="Closed", purpose="", preset="private", topic_kinds=list(TopicKind)
    )
    assert knows(reader, resource) == NOTHING


@pytest.mark.django_db
def test_words_whose_author_lets_them_leave_stay(client_as, manager, member):
    topic, _post, resource = made_of_a_thread(owner=make_member(), may_leave=True)
    resource = publish_resource(resource, by=manager)
    move_topic(topic, make_space(preset="private"), by=fresh(manager))
    assert knows(client_as(member), resource) == ALL


@pytest.mark.django_db
def test_a_passage_that_was_taken_out_does_not_come_back_by_its_versions(client_as, manager, member):
    topic, post, resource = made_of_a_thread(owner=make_member())
    resource = publish_resource(resource, by=manager)
    delete_passage(resource.passages.get(post=post), by=fresh(manager))
    reader = client_as(member)
    assert WORD in reader.get(f"/library/{resource.pk}/history/").content.decode()
    move_topic(topic, make_space(preset="private"), by=fresh(manager))
    assert knows(reader, resource) == NOTHING


# --- two at the same moment -------------------------------------------------------------------------------------


def at_once(*acts):
    """Each in a thread with a connection of its own, all released together. Returns what each was told."""
    barrier, told = threading.Barrier(len(acts)), [None] * len(acts)

    def work(number, act):
        try:
            barrier.wait()
            act()
        except DomainError as error:
            told[number] = type(error).__name__
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number, act)) for number, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_number", range(3))
def test_two_who_publish_at_once_publish_it_once(round_number):
    owner, one, other = make_member(), make_member(role="manager"), make_member(role="moderator")
    _topic, _post, resource = made_of_a_thread(owner=owner)
    resource = submit_resource(resource, by=owner)
    told = at_once(lambda: publish_resource(resource, by=one), lambda: publish_resource(resource, by=other))
    assert sorted(told, key=str) == ["Conflict", None]
    assert Activity.objects.filter(verb=Verb.RESOURCE_PUBLISHED).count() == 1
    resource.refresh_from_db()
    assert resource.published_by == (one if told[0] is None else other)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_number", range(3))
def test_one_publishes_while_the_other_returns_it(round_number):
    owner, one, other = make_member(), make_member(role="manager"), make_member(role="moderator")
    _topic, _post, resource = made_of_a_thread(owner=owner)
    resource = submit_resource(resource, by=owner)
    told = at_once(
        lambda: publish_resource(resource, by=one),
        lambda: return_resource(resource, by=other, reason="Shorter, please."),
    )
    resource.refresh_from_db()
    rows = Activity.objects.filter(verb__in=[Verb.RESOURCE_PUBLISHED, Verb.RESOURCE_RETURNED])
    if told[0] is None and told[1] is None:
        # It was returned first, and a manager may publish what is a draft again: in this order, and both are told so.
        assert [row.verb for row in rows.order_by("pk")] == [Verb.RESOURCE_RETURNED, Verb.RESOURCE_PUBLISHED]
    else:
        assert sorted(told, key=str) == ["Conflict", None]
        assert rows.count() == 1
        assert (resource.published_at is not None) == (told[0] is None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_number", range(3))
def test_a_refusal_at_the_moment_of_publishing_is_never_lost(round_number):
    """Whichever comes first: the words are out, of the page, of versions and of the search."""
    owner, manager = make_member(), make_member(role="manager")
    _topic, post, resource = made_of_a_thread(owner=owner)
    told = at_once(
        lambda: publish_resource(resource, by=manager),
        lambda: answer_consent(resource, by=fresh(post.author), choice=Consent.REFUSED),
    )
    assert told[1] is None
    resource.refresh_from_db()
    assert not resource.passages.filter(post=post).exists()
    assert not any(WORD in str(row.passages) for row in resource.revisions.all())
    assert not SearchEntry.objects.filter(target_type="resource", text__contains=WORD).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_number", range(3))
def test_two_windows_that_answer_at_once_end_in_one_answer(round_number):
    """Refusing is the last word: an approval that comes a moment later is told so."""
    owner = make_member()
    _topic, post, resource = made_of_a_thread(owner=owner)
    one, other = fresh(post.author), fresh(post.author)
    told = at_once(
        lambda: answer_consent(resource, by=one, choice=Consent.REFUSED),
        lambda: answer_consent(resource, by=other, choice=Consent.APPROVED),
    )
    assert told[0] is None
    assert told[1] in {None, "Conflict"}
    assert resource.contributors.get(member=post.author).choice == Consent.REFUSED
    assert not resource.passages.filter(post=post).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_number", range(3))
def test_two_who_save_and_two_who_retire_at_once(round_number):
    owner, one, other = make_member(), make_member(role="manager"), make_member(role="moderator")
    _topic, _post, resource = made_of_a_thread(owner=owner)
    version = resource.version
    told = at_once(
        *(
            lambda by=by, text=text: edit_resource(
                resource, by=by, words=written_around(resource, summary=text), version=version
            )
            for by, text in ((one, "One."), (other, "Other."))
        )
    )
    assert sorted(told, key=str) == ["Conflict", None]
    resource.refresh_from_db()
    assert resource.summary == ("One." if told[0] is None else "Other.")
    publish_resource(resource, by=one)
    told = at_once(
        lambda: retire_resource(resource, by=one, reason="Too old."),
        lambda: retire_resource(resource, by=other, reason="Wrong."),
    )
    assert sorted(told, key=str) == ["Conflict", None]
    assert Activity.objects.filter(verb=Verb.RESOURCE_RETIRED).count() == 1
