"""The library: states, versions, passages and what their authors say to them, outcomes, readers, collections."""

from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from django.utils import timezone

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, Module, Notice, SearchEntry
from community.core.text import Prose, SourceFormat
from community.core.verbs import Verb
from community.search.page import search_page
from discussions.actions.attachment import attach_file
from discussions.actions.collection import add_to_collection, create_collection, remove_from_collection
from discussions.actions.contribution import (
    add_passages,
    answer_consent,
    ask_contributors,
    delete_passage,
    edit_passage,
    make_resource,
)
from discussions.actions.file_text import read_files
from discussions.actions.post import delete_post
from discussions.actions.rearrange import merge_topics
from discussions.actions.resource import (
    ResourceWords,
    catch_up,
    create_resource,
    edit_resource,
    move_resource,
    note_reader,
    publish_resource,
    restore_resource,
    retire_resource,
    return_resource,
    review_resource,
    say_outcome,
    submit_resource,
    tend_library,
    unsay_outcome,
)
from discussions.actions.space import remove_space_member
from discussions.actions.steward import name_steward
from discussions.models import (
    Attachment,
    Consent,
    Outcome,
    Part,
    Resource,
    ResourceKind,
    ResourceReader,
    ResourceState,
    Topic,
    forget_visible_spaces,
)
from discussions.queries.notices import open_notices
from members.actions.module import switch_module
from members.models import Member
from tests.discussions.test_office_text import W, document, package
from tests.discussions.test_pdf_words import pdf
from tests.factories import dispatch_activity, make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path) -> None:
    own = settings.STORAGES["default"] | {"OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"default": own}


def prose(text="What we know about pilots."):
    return Prose(text, SourceFormat.MARKDOWN)


def words(title="Pilots", kind=ResourceKind.ARTICLE, **values):
    return ResourceWords(kind=kind, title=title, **({"prose": prose()} | values))


def reload(member):
    return Member.objects.get(pk=member.pk)


@pytest.fixture
def space():
    return make_space("Pricing")


@pytest.fixture
def guardian(space):
    member = make_member("Greta Guardian")
    name_steward(space, member, by=None)
    return member


@pytest.fixture
def thread(space):
    """Somebody asks, one answers, another one sees it otherwise."""
    asker, answerer, doubter = make_member("Ann Asker"), make_member("Bo Answerer"), make_member("Cy Doubter")
    topic = make_topic(
        space=space, by=asker, kind="question", title="How long are pilots?", body="Six weeks?"
    )
    answer = make_post(topic=topic, by=answerer, body="Eight, as zqlongqz showed.")
    doubt = make_post(topic=topic, by=doubter, body="Never more than four, whatever Bo Answerer says.")
    first = topic.posts.get(number=1)
    return {
        "topic": topic, "posts": [first, answer, doubt], "asker": asker, "answerer": answerer, "doubter": doubter,
    }  # fmt: skip


@pytest.fixture
def made(thread, member):
    """A draft of the thread, its contributors asked."""
    first, answer, doubt = thread["posts"]
    resource = make_resource(
        [first, answer, doubt],
        by=member,
        kind=ResourceKind.ARTICLE,
        title="How long a pilot lasts",
        parts={doubt.pk: Part.CHALLENGED},
    )
    return ask_contributors(resource, by=member)


def published(by, owner=None, space=None, **values):
    resource = create_resource(space or make_space(), by=owner or by, words=words(**values))
    return publish_resource(resource, by=by)


# --- states (5.1) -----------------------------------------------------------------------------------------------


def test_a_resource_is_written_handed_in_returned_published_retired_and_brought_back(space, member, guardian):
    resource = create_resource(space, by=member, words=words())
    assert resource.state == ResourceState.DRAFT
    assert not Resource.objects.visible_to(make_member()).exists()
    resource = submit_resource(resource, by=member)
    assert resource.state == ResourceState.IN_REVIEW
    with pytest.raises(Refused, match="Stewards"):
        publish_resource(resource, by=member)
    resource = return_resource(resource, by=guardian, reason="Name a case.")
    assert (resource.state, resource.return_reason) == (ResourceState.DRAFT, "Name a case.")
    resource = publish_resource(submit_resource(resource, by=member), by=guardian)
    assert (resource.state, resource.return_reason) == (ResourceState.PUBLISHED, "")
    assert resource.review_on == (timezone.now() + timedelta(days=365)).date()
    assert Resource.objects.visible_to(make_member()).get() == resource
    with pytest.raises(Conflict, match="published already"):
        publish_resource(resource, by=guardian)
    with pytest.raises(Invalid, match="readers see it"):
        retire_resource(resource, by=member, reason=" ")
    resource = retire_resource(resource, by=member, reason="Another law.")
    assert (resource.state, resource.retire_reason) == (ResourceState.RETIRED, "Another law.")
    assert not SearchEntry.objects.filter(kind="resource").exists()
    with pytest.raises(Refused, match="Bring it back"):
        edit_resource(resource, by=member, words=words(), version=resource.version)
    assert restore_resource(resource, by=member).state == ResourceState.PUBLISHED
    assert SearchEntry.objects.get(kind="resource").target_id == resource.pk
    verbs = list(
        Activity.objects.filter(target_type="resource").order_by("id").values_list("verb", flat=True)
    )
    assert verbs == [
        Verb.RESOURCE_CREATED, Verb.RESOURCE_SUBMITTED, Verb.RESOURCE_RETURNED, Verb.RESOURCE_SUBMITTED,
        Verb.RESOURCE_PUBLISHED, Verb.RESOURCE_RETIRED, Verb.RESOURCE_RESTORED,
    ]  # fmt: skip


def test_the_owner_hears_what_was_decided(space, member, guardian):
    resource = submit_resource(create_resource(space, by=member, words=words()), by=member)
    return_resource(resource, by=guardian, reason="Name a case.")
    dispatch_activity()
    assert Notice.objects.get(member=member).title == "Please look at it again: Pilots"
    publish_resource(resource, by=guardian)
    dispatch_activity()
    assert Notice.objects.get(member=member).title == "It is published: Pilots"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": " "}, "title"),
        ({"kind": ResourceKind.LINK}, "link"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"link": "nowhere"}, "link"),
        ({"summary": "x" * 301}, "summary"),
        ({"dissent": "x" * 5_001}, "dissent"),
        ({"review_on": timezone.now().date()}, "review_on"),
        ({"prose": Prose("x" * 100_001, SourceFormat.MARKDOWN)}, "body"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_its_field(space, member, values, field):
    with pytest.raises(Invalid) as refusal:
        create_resource(space, by=member, words=words(**values))
    assert list(refusal.value.fields) == [field]


def test_what_has_nothing_in_it_is_not_handed_in(space, member):
    resource = create_resource(space, by=member, words=words(prose=None))
    with pytest.raises(Invalid, match="nothing here yet"):
        submit_resource(resource, by=member)


def test_who_may_not_write_in_a_space_brings_nothing_for_its_library(member):
    with pytest.raises(Refused):
        create_resource(make_space(preset="private"), by=member, words=words())
    with pytest.raises(Refused):
        create_resource(make_space(preset="read_only"), by=member, words=words())


def test_versions_keep_what_readers_saw_with_the_note_and_drafts_keep_none(space, member, guardian):
    resource = create_resource(space, by=member, words=words(prose=prose("One.")))
    resource = edit_resource(resource, by=member, words=words(prose=prose("Two.")), version=1)
    assert (resource.version, resource.revisions.count()) == (2, 0)
    publish_resource(resource, by=guardian)
    resource = edit_resource(
        resource, by=guardian, words=words(prose=prose("Three.")), version=2, note="A new figure."
    )
    kept = resource.revisions.get()
    assert (kept.version, kept.source, kept.note) == (2, "Two.", "")
    assert (resource.version, resource.edit_note, resource.edited_by) == (3, "A new figure.", guardian)
    with pytest.raises(Conflict, match="while you were writing"):
        edit_resource(resource, by=member, words=words(prose=prose("Lost?")), version=2)
    with pytest.raises(Refused, match="owner"):
        edit_resource(resource, by=make_member(), words=words(), version=3)


def test_owners_hear_once_that_the_review_date_is_over(space, member, guardian):
    resource = publish_resource(create_resource(space, by=member, words=words()), by=guardian)
    with time_machine.travel(timezone.now() + timedelta(days=366)):
        assert Resource.objects.stale().count() == 0  # the database has a clock of its own
    Resource.objects.update(review_on=timezone.now().date() - timedelta(days=1))
    assert Resource.objects.stale().get() == resource
    assert (tend_library(), tend_library()) == (1, 0)
    assert "Is this still right?" in Notice.objects.get(member=member, reason="library").title
    resource = review_resource(resource, by=member)
    assert (Resource.objects.stale().count(), resource.reminded_at) == (0, None)


# --- files (5.1) ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"), [("a.pdf", pdf("zqinfileqz")), ("a.docx", document("zqinfileqz"))]
)
def test_the_words_of_its_files_are_found_while_it_is_published(space, member, guardian, name, content):
    file = attach_file(BytesIO(content), by=member, file_name=name)
    body = prose(f"Read [this]({file.get_absolute_url()}).")
    resource = create_resource(space, by=member, words=words(prose=body))
    file.refresh_from_db()
    assert (file.resource, file.uploader) == (resource, None)
    reader = make_member()
    assert not Attachment.objects.visible_to(reader).exists()
    assert Attachment.objects.visible_to(member).get() == file
    read_files()
    assert search_page(reload(reader), "zqinfileqz", page=1).is_empty
    publish_resource(resource, by=guardian)
    read_files()
    found = search_page(reload(reader), "zqinfileqz", page=1).rows
    assert [(row.kind, row.url, row.title) for row in found] == [("file", resource.get_absolute_url(), name)]
    assert Attachment.objects.visible_to(reader).get() == file
    retire_resource(resource, by=member, reason="Old.")
    assert search_page(reload(reader), "zqinfileqz", page=1).is_empty


def test_an_archive_bomb_is_found_by_its_name_and_nothing_of_it_is_unpacked(space, member, guardian):
    bomb = package(
        word__document=f"<w:document {W}><!--{'a' * 40_000_000}--><w:p><w:t>zqbombqz</w:t></w:p></w:document>"
    )
    assert len(bomb) < 100_000
    file = attach_file(BytesIO(bomb), by=member, file_name="zqbombnameqz.docx")
    body = prose(f"[a]({file.get_absolute_url()})")
    publish_resource(create_resource(space, by=member, words=words(prose=body)), by=guardian)
    assert read_files() == 1
    reader = make_member()
    assert search_page(reader, "zqbombqz", page=1).is_empty
    assert [row.kind for row in search_page(reader, "zqbombnameqz", page=1).rows] == ["file"]
    assert read_files() == 0


def test_a_file_of_a_closed_space_is_for_its_readers_alone(member, manager):
    space = make_space(preset="private", members=[member])
    file = attach_file(BytesIO(b"Words."), by=member, file_name="a.txt")
    resource = create_resource(space, by=member, words=words(prose=prose(f"[a]({file.get_absolute_url()})")))
    publish_resource(resource, by=manager)
    assert not Attachment.objects.visible_to(make_member()).exists()
    remove_space_member(space, member, by=manager)
    assert not Attachment.objects.visible_to(reload(member)).exists()


# --- made from discussion (5.2) ---------------------------------------------------------------------------------


def test_a_draft_links_every_passage_to_its_source_and_lists_who_contributed(made, thread):
    rows = list(made.passages.select_related("contributor"))
    assert [(row.post, row.part, row.contributor.member) for row in rows] == [
        (thread["posts"][0], Part.ASKED, thread["asker"]),
        (thread["posts"][1], Part.ANSWERED, thread["answerer"]),
        (thread["posts"][2], Part.CHALLENGED, thread["doubter"]),
    ]
    assert (made.topic, made.space) == (thread["topic"], thread["topic"].space)
    assert made.sources.get().seen_number == 3


def test_contributors_are_told_of_their_five_days(made, thread):
    dispatch_activity()
    asked = Notice.objects.filter(reason="quoted")
    assert {row.member for row in asked} == {thread["asker"], thread["answerer"], thread["doubter"]}
    assert {row.actor for row in asked} == {None}
    contributor = made.contributors.first()
    assert contributor.due_at - contributor.asked_at == timedelta(days=5)
    row = Activity.objects.get(verb=Verb.RESOURCE_ASKED)
    assert (row.data, row.counterpart) == ({"contributors": 3}, None)
    with pytest.raises(Conflict, match="asked already"):
        ask_contributors(made, by=made.owner)


def test_one_approves_one_goes_nameless_one_refuses_and_it_is_published(made, thread, guardian, member):
    asker, answerer, doubter = thread["asker"], thread["answerer"], thread["doubter"]
    submit_resource(made, by=member)
    with pytest.raises(Conflict, match="still have until"):
        publish_resource(made, by=guardian)
    answer_consent(made, by=asker, choice=Consent.APPROVED)
    answer_consent(made, by=answerer, choice=Consent.NAMELESS)
    answer_consent(made, by=doubter, choice=Consent.REFUSED)
    assert made.passages.count() == 2
    made.refresh_from_db()
    with pytest.raises(Invalid, match="who saw it otherwise"):
        publish_resource(made, by=guardian)
    said = words(title="How long", prose=None, is_undisputed=True)
    made = edit_resource(made, by=member, words=said, version=made.version)
    publish_resource(made, by=guardian)
    dispatch_activity()
    told = dict(Notice.objects.filter(key=f"consent:{made.pk}", read_at=None).values_list("member", "title"))
    assert told[asker.pk] == "Published with 1 passage of yours, with your name: How long"
    assert told[answerer.pk] == "Published with 1 passage of yours, without your name: How long"
    assert doubter.pk not in told


def test_what_is_refused_leaves_and_is_found_nowhere(made, thread, guardian, member):
    for who in ("asker", "doubter"):
        answer_consent(made, by=thread[who], choice=Consent.APPROVED)
    answer_consent(made, by=thread["answerer"], choice=Consent.APPROVED)
    made = publish_resource(made, by=guardian)
    made = edit_resource(made, by=member, words=words(title="Changed"), version=made.version)
    assert "zqlongqz" in str(made.revisions.get().passages)
    assert "zqlongqz" in SearchEntry.objects.get(kind="resource").text
    answer_consent(made, by=thread["answerer"], choice=Consent.REFUSED)
    assert "zqlongqz" not in str(made.revisions.get().passages)
    assert "zqlongqz" not in SearchEntry.objects.get(kind="resource").text
    with pytest.raises(Conflict, match="your words have left"):
        answer_consent(made, by=thread["answerer"], choice=Consent.APPROVED)
    with pytest.raises(Invalid, match="does not want to be quoted"):
        add_passages(made, [thread["posts"][1]], by=member)


def test_who_goes_nameless_is_named_in_no_word_row_or_version(made, thread, guardian, member):
    """The doubter has named them, and so does the maker; activity and search name nobody."""
    answerer = thread["answerer"]
    for who in ("asker", "doubter", "answerer"):
        answer_consent(made, by=thread[who], choice=Consent.APPROVED)
    text = prose(
        f"As Bo Answerer said, @{answerer.handle} was right: [there](/posts/{thread['posts'][1].pk}/)."
    )
    made.refresh_from_db()
    made = edit_resource(
        made, by=member, words=words(title="Bo Answerer knows", prose=text), version=made.version
    )
    made = publish_resource(made, by=guardian)
    made = edit_resource(
        made,
        by=member,
        words=words(title="Pilots", prose=text),
        version=made.version,
        note="For Bo Answerer.",
    )
    answer_consent(made, by=answerer, choice=Consent.NAMELESS)
    made = edit_resource(made, by=member, words=words(prose=text), version=Resource.objects.get().version)
    passage = made.passages.get(part=Part.CHALLENGED)
    edit_passage(
        passage,
        by=member,
        lead="Against Bo Answerer:",
        prose=prose(passage.source),
        part=Part.CHALLENGED,
        position=3,
    )
    made.refresh_from_db()
    everything = [made.title, made.source, made.html, made.edit_note]
    everything += [f"{row.lead} {row.source} {row.html}" for row in made.passages.all()]
    everything += [f"{row.title} {row.source} {row.note} {row.passages}" for row in made.revisions.all()]
    everything += [entry.text + entry.title for entry in SearchEntry.objects.filter(kind="resource")]
    everything += [
        f"{row.data} {row.counterpart_id} {row.actor_id}"
        for row in Activity.objects.filter(verb=Verb.RESOURCE_ANSWERED)
    ]
    whole = "\n".join(everything)
    assert "Bo Answerer" not in whole
    assert f"@{answerer.handle}" not in whole
    assert f"/posts/{thread['posts'][1].pk}/" not in whole
    assert str(answerer.pk) not in [
        str(value)
        for row in Activity.objects.filter(target_type="resource")
        for value in (row.actor_id, row.counterpart_id)
    ]
    assert "a member" in made.source


def test_editing_ones_own_words_is_approving_of_them(made, thread):
    passage = made.passages.get(post=thread["posts"][0])
    answer_consent(
        made, by=thread["asker"], choice=Consent.APPROVED, words={passage.pk: prose("Seven weeks?")}
    )
    passage.refresh_from_db()
    assert (passage.source, passage.html.strip()) == ("Seven weeks?", "<p>Seven weeks?</p>")
    other = made.passages.get(post=thread["posts"][1])
    answer_consent(made, by=thread["asker"], choice=Consent.APPROVED, words={other.pk: prose("Mine now.")})
    other.refresh_from_db()
    assert "zqlongqz" in other.source


def test_silence_after_five_days_is_no_name(made, thread, guardian, member):
    """docs/decisions/0019: the words stay, because they stand in the same space; the name does not."""
    answer_consent(made, by=thread["asker"], choice=Consent.APPROVED)
    with time_machine.travel(timezone.now() + timedelta(days=5, minutes=1)):
        made = publish_resource(made, by=guardian)
        assert made.passages.count() == 3
        assert [row.is_named for row in made.contributors.order_by("pk")] == [True, False, False]
        assert "Bo Answerer" not in " ".join(made.passages.values_list("source", flat=True))
        answer_consent(made, by=thread["answerer"], choice=Consent.APPROVED)
        assert made.contributors.get(member=thread["answerer"]).is_named


def test_words_that_somebody_was_asked_about_stay_as_they_are(made, member):
    passage = made.passages.first()
    with pytest.raises(Conflict, match="put to their author"):
        edit_passage(passage, by=member, lead="", prose=prose("Other."), part=Part.ASKED, position=1)
    edit_passage(
        passage, by=member, lead="First", prose=prose(passage.source), part=Part.ANSWERED, position=9
    )
    passage.refresh_from_db()
    assert (passage.lead, passage.part, passage.position) == ("First", Part.ANSWERED, 9)
    delete_passage(passage, by=member)
    assert made.contributors.count() == 2


def test_a_passage_added_to_what_is_published_is_seen_when_its_author_agrees(made, thread, guardian, member):
    for who in ("asker", "answerer", "doubter"):
        answer_consent(made, by=thread[who], choice=Consent.APPROVED)
    made = publish_resource(made, by=guardian)
    late = make_member("Late")
    made = add_passages(made, [make_post(topic=thread["topic"], by=late, body="zqlateqz")], by=member)
    assert "zqlateqz" not in SearchEntry.objects.get(kind="resource").text
    ask_contributors(made, by=member)
    answer_consent(made, by=late, choice=Consent.APPROVED)
    assert "zqlateqz" in SearchEntry.objects.get(kind="resource").text


def test_the_owner_hears_that_the_thread_has_moved_on(made, thread, guardian, member):
    for who in ("asker", "answerer", "doubter"):
        answer_consent(made, by=thread[who], choice=Consent.APPROVED)
    made = publish_resource(made, by=guardian)
    dispatch_activity()
    Notice.objects.update(read_at=timezone.now())
    make_post(topic=thread["topic"], by=thread["asker"])
    dispatch_activity()
    assert Notice.objects.get(member=member, read_at=None).title.startswith("The thread has moved on")
    assert made.sources.get().seen_number == 3
    catch_up(made, by=member)
    assert made.sources.get().seen_number == 4


def test_threads_that_become_one_keep_what_was_made_of_them(made, thread, moderator, guardian, member):
    for who in ("asker", "answerer", "doubter"):
        answer_consent(made, by=thread[who], choice=Consent.APPROVED)
    publish_resource(made, by=guardian)
    other = make_topic(space=thread["topic"].space)
    merge_topics(thread["topic"], other, by=moderator)
    dispatch_activity()
    made.refresh_from_db()
    assert (made.topic, made.sources.get().topic) == (other, other)
    Notice.objects.update(read_at=timezone.now())
    delete_post(made.passages.get(post=thread["posts"][1]).post, by=moderator)
    dispatch_activity()
    assert Notice.objects.get(member=member, read_at=None).title.startswith("A post it was made of is gone")


def test_posts_that_one_may_not_read_cannot_be_taken(member):
    hidden = make_post(topic=make_topic(space=make_space(preset="private")))
    with pytest.raises(Invalid, match="not there any more"):
        make_resource([hidden], by=member, kind=ResourceKind.ARTICLE, title="Theirs")
    with pytest.raises(Invalid, match="at least one"):
        make_resource([], by=member, kind=ResourceKind.ARTICLE, title="Nothing")


# --- rights: private stays private ------------------------------------------------------------------------------


@pytest.fixture
def circle(member):
    """A closed space with one post of somebody else, made into something by `member`."""
    author = make_member("Ina Inside")
    space = make_space("Circle", preset="private", members=[member, author])
    topic = make_topic(space=space, by=author, body="zqinsideqz")
    resource = make_resource(
        [topic.posts.get()], by=reload(member), kind=ResourceKind.ARTICLE, title="From the circle"
    )
    return {"space": space, "author": author, "resource": ask_contributors(resource, by=reload(member))}


def test_what_is_made_of_a_closed_space_stays_with_its_readers(circle, manager, space):
    answer_consent(circle["resource"], by=circle["author"], choice=Consent.APPROVED)
    Resource.objects.update(is_undisputed=True)
    resource = publish_resource(circle["resource"], by=manager)
    assert resource.space == circle["space"]
    outside = make_member()
    assert not Resource.objects.visible_to(outside).exists()
    assert search_page(outside, "zqinsideqz", page=1).is_empty
    assert not search_page(reload(circle["author"]), "zqinsideqz", page=1).is_empty


def test_it_leaves_by_a_managers_decision_and_with_everybodys_yes_alone(
    circle, manager, moderator, member, space
):
    resource = circle["resource"]
    forget_visible_spaces(member)
    with pytest.raises(Refused, match="Community managers decide"):
        move_resource(resource, space, by=moderator, reason="Useful.")
    with pytest.raises(Conflict, match="Not everybody"):
        move_resource(resource, space, by=manager, reason="Useful.")
    answer_consent(resource, by=circle["author"], choice=Consent.APPROVED)
    with pytest.raises(Conflict, match="Not everybody"):
        move_resource(resource, space, by=manager, reason="Useful.")
    answer_consent(resource, by=circle["author"], choice=Consent.NAMELESS, may_leave=True)
    with pytest.raises(Invalid, match="kept in the record"):
        move_resource(resource, space, by=manager, reason="")
    Resource.objects.update(is_undisputed=True)
    publish_resource(resource, by=manager)
    move_resource(resource, space, by=manager, reason="Useful.")
    assert Resource.objects.visible_to(make_member()).get() == resource
    assert not search_page(make_member(), "zqinsideqz", page=1).is_empty
    row = Activity.objects.get(verb=Verb.RESOURCE_MOVED)
    assert (row.data["from_space_id"], row.data["reason"]) == (circle["space"].pk, "Useful.")


def test_words_of_two_closed_spaces_do_not_go_together(member, circle):
    other = make_space(preset="hidden", members=[member])
    theirs = make_topic(space=other, by=reload(member)).posts.get()
    inside = circle["resource"].passages.get().post
    with pytest.raises(Invalid, match="more than one closed space"):
        make_resource([theirs, inside], by=reload(member), kind=ResourceKind.ARTICLE, title="Both")
    with pytest.raises(Invalid, match="stays there"):
        add_passages(circle["resource"], [theirs], by=reload(member))


def test_open_words_may_join_those_of_a_closed_space(member, circle, thread):
    inside = circle["resource"].passages.get().post
    resource = make_resource(
        [thread["posts"][1], inside], by=reload(member), kind=ResourceKind.CASE, title="Both"
    )
    assert resource.space == circle["space"]


# --- threads and collections (5.3) ------------------------------------------------------------------------------


def test_what_is_published_without_a_thread_gets_one(space, member, guardian):
    resource = publish_resource(create_resource(space, by=member, words=words()), by=guardian)
    topic = Topic.objects.get()
    assert (resource.topic, topic.title, topic.author) == (topic, "Pilots", member)
    assert resource.get_absolute_url() in topic.posts.get().source


def test_a_collection_has_a_curator_and_a_reason(space, member, guardian, circle, manager):
    with pytest.raises(Refused):
        create_collection(space, by=member, name="First weeks", why="For whoever begins.")
    with pytest.raises(Invalid, match="why these belong"):
        create_collection(space, by=guardian, name="First weeks", why=" ")
    collection = create_collection(
        space, by=guardian, name="First weeks", why="For whoever begins.", curator=member
    )
    one = published(guardian, owner=member, space=space)
    add_to_collection(collection, one, by=member, why="Read this first.")
    with pytest.raises(Conflict):
        add_to_collection(collection, one, by=member)
    with pytest.raises(Invalid, match="Only what is published"):
        add_to_collection(collection, create_resource(space, by=member, words=words()), by=member)
    answer_consent(circle["resource"], by=circle["author"], choice=Consent.APPROVED)
    Resource.objects.filter(pk=circle["resource"].pk).update(is_undisputed=True)
    closed = publish_resource(circle["resource"], by=manager)
    with pytest.raises(Invalid, match="Not everybody who reads"):
        add_to_collection(collection, closed, by=reload(member))
    assert [row.why for row in collection.items.all()] == ["Read this first."]
    remove_from_collection(collection, one, by=member)
    assert not collection.items.exists()


# --- outcomes and readers (5.4) ---------------------------------------------------------------------------------


def test_an_outcome_is_one_tap_and_counts_once(space, member, guardian):
    resource = published(guardian, owner=member, space=space)
    reader = make_member()
    for _tap in range(2):
        say_outcome(resource, Outcome.USED, by=reader)
    say_outcome(resource, Outcome.CHANGED, by=reader)
    resource.refresh_from_db()
    assert (resource.used_count, resource.changed_count) == (1, 1)
    for _tap in range(2):
        unsay_outcome(resource, Outcome.USED, by=reader)
    resource.refresh_from_db()
    assert (resource.used_count, resource.changed_count) == (0, 1)
    with pytest.raises(Refused, match="your own"):
        say_outcome(resource, Outcome.USED, by=member)
    assert Activity.objects.filter(verb=Verb.RESOURCE_OUTCOME_GIVEN).count() == 2


def test_a_reader_counts_once_with_what_was_downloaded(space, member, guardian):
    resource = published(guardian, owner=member, space=space)
    reader = make_member()
    note_reader(resource, by=reader)
    note_reader(resource, by=reader, downloads=True)
    note_reader(resource, by=reader)
    note_reader(resource, by=member)
    row = ResourceReader.objects.get()
    assert (row.member, row.was_staff, row.downloaded_at is None) == (reader, False, False)


# --- switched off (15.6) ----------------------------------------------------------------------------------------


def test_without_the_library_nothing_of_it_is_there(space, member, guardian, administrator):
    resource = published(guardian, owner=member, space=space, title="zqgoneqz")
    dispatch_activity()
    assert open_notices(reload(member)).filter(target_type="resource").exists()
    switch_module(Module.LIBRARY, by=administrator, is_on=False)
    assert not Resource.objects.visible_to(reload(member)).exists()
    assert not open_notices(reload(member)).filter(target_type="resource").exists()
    with pytest.raises(Refused):
        create_resource(space, by=reload(member), words=words())
    found = search_page(reload(member), "zqgoneqz kind:resource", page=1)
    assert [row.kind for row in found.rows] == ["topic"]
    assert "resource" not in found.problems[0].partition("these:")[2]
    Resource.objects.update(review_on=timezone.now().date())
    assert tend_library() == 0
    switch_module(Module.LIBRARY, by=reload(administrator), is_on=True)
    assert Resource.objects.visible_to(reload(member)).get() == resource
