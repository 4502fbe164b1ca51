"""Pages and rules of spaces, places of topics, sessions and proposed tags: what a reader sees, and what is refused."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, Notice
from community.core.text import Prose, SourceFormat
from community.core.verbs import Verb
from discussions.actions.ask_session import (
    answer_question,
    ask_question,
    begin_sessions,
    settle_session,
    support_question,
    unsupport_question,
)
from discussions.actions.pin import pin_topic, switch_replies, unpin_topic, unpin_topics
from discussions.actions.rearrange import merge_topics, split_topic
from discussions.actions.space import remove_space_member
from discussions.actions.steward import (
    Rules,
    archive_space,
    decide_request,
    end_steward,
    name_steward,
    request_space,
    settle_space,
)
from discussions.actions.tag import accept_tag, merge_tag
from discussions.actions.topic import close_topic, create_topic, edit_topic
from discussions.models import (
    Draft,
    Post,
    SessionQuestion,
    SpacePreset,
    SpaceRequest,
    SpaceSteward,
    Tag,
    Topic,
    TopicKind,
    forget_visible_spaces,
)
from tests.factories import dispatch_activity, make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def words(text):
    return Prose(text, SourceFormat.MARKDOWN)


@pytest.fixture
def space():
    return make_space("Pricing")


@pytest.fixture
def topic(space, member):
    return make_topic(space=space, by=member, title="Pilots")


@pytest.fixture
def guardian(space):
    """A steward of the space, who has no role beside that of a member."""
    member = make_member("Greta Guardian")
    name_steward(space, member, by=None)
    return member


# --- stewards ---------------------------------------------------------------------------------------------------


def test_a_steward_pins_closes_and_edits_in_the_space_and_only_there(topic, guardian):
    pin_topic(topic, by=guardian, reason="Read this first")
    close_topic(topic, by=guardian, reason="Settled")
    edit_topic(topic, by=guardian, title="Pilots, settled", tags=["pilots"])
    elsewhere = make_topic()
    forget_visible_spaces(guardian)
    with pytest.raises(Refused, match="Stewards and moderators pin"):
        pin_topic(elsewhere, by=guardian)
    with pytest.raises(Refused):
        close_topic(elsewhere, by=guardian, reason="No")


def test_a_manager_names_a_steward_who_is_listed_by_that(manager, member):
    room = make_space(preset=SpacePreset.PRIVATE)
    forget_visible_spaces(manager)
    name_steward(room, member, by=manager, until=timezone.now() + HOUR)
    assert room.memberships.get().member == member
    assert Activity.objects.get(verb=Verb.STEWARD_NAMED).counterpart_id == member.pk
    end_steward(room, member, by=member)
    assert not SpaceSteward.objects.exists()
    with pytest.raises(Refused):
        name_steward(room, make_member(), by=member)


def test_who_leaves_the_list_is_its_steward_no_more(manager, member):
    room = make_space(preset=SpacePreset.PRIVATE, members=[member])
    name_steward(room, member, by=None)
    forget_visible_spaces(manager)
    remove_space_member(room, member, by=manager)
    assert not SpaceSteward.objects.exists()


def test_space_edit_by_a_steward_keeps_name_and_preset(client_as, space, guardian):
    web, url = client_as(guardian), reverse("space_edit", args=[space.slug])
    page = web.get(url)
    assert b"Who may read" not in page.content
    sent = {
        "purpose": "How we set prices.", "topic_kinds": ["question"], "least_length": "30", "needs_tag": "on",
        "template_question": "**What have you tried?**", "name": "Mine", "preset": "private",
    }  # fmt: skip
    assert web.post(url, sent).status_code == 302
    space.refresh_from_db()
    assert (space.name, space.preset, space.topic_kinds) == ("Pricing", "open", ["question"])
    assert (space.rules.least_length, space.rules.needs_tag, space.rules.look_first) == (30, True, False)
    composer = web.get(reverse("topic_create"), {"space": space.slug, "kind": "question"})
    assert b"What have you tried?" in composer.content
    assert b"A question has at least 30 characters." in composer.content


def test_space_people_lists_and_takes_off(client_as, guardian, space, member):
    web = client_as(guardian)
    web.post(reverse("space_member_add", args=[space.slug]), {"listed-who": member.handle})
    assert space.memberships.get().member == member
    assert member.display_name.encode() in web.get(reverse("space_people", args=[space.slug])).content
    web.post(reverse("space_member_remove", args=[space.slug, member.handle]))
    assert not space.memberships.exists()
    assert (
        web.post(reverse("steward_add", args=[space.slug]), {"steward-who": member.handle}).status_code == 403
    )


def test_an_archived_space_is_read_and_not_written(manager, space, topic):
    archive_space(space, by=manager)
    space.refresh_from_db()
    with pytest.raises(Refused, match="archived"):
        create_topic(space, by=manager, kind=TopicKind.DISCUSSION, title="New", prose=words("New"))
    with pytest.raises(Conflict):
        archive_space(space, by=manager)


# --- asking to be listed ----------------------------------------------------------------------------------------


def test_a_private_space_that_says_so_is_asked_for_and_its_steward_decides(client_as, web, member):
    room = make_space("Board", preset=SpacePreset.PRIVATE, purpose="Boards of members.")
    guardian = make_member()
    name_steward(room, guardian, by=None)
    settle_space(room, by=None, rules=Rules(), templates={}, takes_requests=True)
    assert b"Board" in web.get(reverse("space_list")).content
    assert b"Boards of members." in web.get(reverse("space_ask", args=[room.slug])).content
    web.post(reverse("space_ask", args=[room.slug]), {"words": "I sit on two."})
    dispatch_activity()
    assert Notice.objects.get(member=guardian).title == "Somebody asks to be listed in Board"
    people = client_as(guardian).get(reverse("space_people", args=[room.slug]))
    assert b"I sit on two." in people.content
    request = SpaceRequest.objects.get()
    client_as(guardian).post(reverse("space_request_decide", args=[request.pk]), {"is_listed": "yes"})
    assert web.get(room.get_absolute_url()).status_code == 200
    with pytest.raises(Conflict):
        decide_request(request, by=guardian, is_listed=False)


@pytest.mark.parametrize("preset", [SpacePreset.HIDDEN, SpacePreset.CONFIDENTIAL, SpacePreset.EXPERTS])
def test_no_other_space_is_ever_named(web, member, preset):
    room = make_space("Secret", preset=preset)
    with pytest.raises(Invalid, match="Only a private space"):
        settle_space(room, by=None, rules=Rules(), templates={}, takes_requests=True)
    assert web.get(reverse("space_ask", args=[room.slug])).status_code == 404
    with pytest.raises(Refused):
        request_space(room, by=member)
    assert b"Secret" not in web.get(reverse("space_list")).content


# --- rules ------------------------------------------------------------------------------------------------------


def test_rules_are_said_all_at_once_and_keep_every_word(web, space):
    settle_space(space, by=None, rules=Rules(40, True, True), templates={}, takes_requests=False)
    sent = {"space": space.slug, "kind": "question", "title": "How?", "body": "Kept words."}
    answer = web.post(reverse("topic_create") + f"?space={space.slug}", sent)
    assert answer.status_code == 422
    for sentence in (
        b"at least 40 characters; this one has 11",
        b"at least one tag",
        b"Look for similar",
        b"Kept words.",
    ):
        assert sentence in answer.content
    sent |= {"body": "word " * 10, "tags": "pilots", "has_looked": "on"}
    assert web.post(reverse("topic_create"), sent).status_code == 302


# --- announcements and pins -------------------------------------------------------------------------------------


def test_only_staff_announce_and_an_announcement_can_take_no_replies(space, member, manager, other_member):
    with pytest.raises(Refused, match="come from the community's staff"):
        create_topic(space, by=member, kind=TopicKind.ANNOUNCEMENT, title="News", prose=words("News"))
    news = create_topic(
        space, by=manager, kind=TopicKind.ANNOUNCEMENT, title="News", prose=words("News"), takes_replies=False
    )
    with pytest.raises(Refused, match="takes no replies"):
        make_post(topic=news, by=other_member)
    switch_replies(news, by=manager, takes_replies=True)
    assert make_post(topic=news, by=other_member).number == 2


def test_members_are_not_offered_what_staff_may_start(web, sign_in, space):
    assert b"Announcement" not in web.get(reverse("topic_create")).content
    assert b"Announcement" in sign_in("manager").get(reverse("topic_create")).content


def test_a_pin_says_why_and_ends_by_itself(client_as, moderator, topic):
    pin_topic(topic, by=moderator, reason="Read this first", until=timezone.now() + HOUR)
    assert b"Read this first" in client_as(moderator).get(topic.get_absolute_url()).content
    assert unpin_topics() == 0
    Topic.objects.filter(pk=topic.pk).update(pinned_until=timezone.now() - HOUR)
    assert unpin_topics() == 1
    topic.refresh_from_db()
    assert (topic.pinned_at, topic.pin_reason) == (None, "")
    with pytest.raises(Conflict):
        unpin_topic(topic, by=moderator)
    with pytest.raises(Invalid, match="lies ahead"):
        pin_topic(topic, by=moderator, until=timezone.now() - HOUR)


# --- moved topics -----------------------------------------------------------------------------------------------


def test_topic_move_says_who_will_read_before_it_happens(client_as, moderator, topic, member):
    room = make_space("Board", preset=SpacePreset.PRIVATE)
    web, url = client_as(moderator), reverse("topic_move", args=[topic.pk])
    asked = web.get(url, {"space": room.slug})
    assert b"All members can read this." in asked.content
    assert b"The people listed in this space can read this, and the moderators." in asked.content
    topic.refresh_from_db()
    assert topic.space != room
    web.post(url, {"space": room.slug, "reason": "Customers are named."})
    assert client_as(member).get(topic.get_absolute_url()).status_code == 404


def test_old_addresses_of_split_posts_lead_on(client_as, web, moderator, topic, member):
    reply = make_post(topic=topic, by=member, body="Apart")
    client_as(moderator).post(
        reverse("topic_split", args=[topic.pk]),
        {"numbers": ["2"], "title": "On its own", "kind": "discussion"},
    )
    new = Topic.objects.get(title="On its own")
    page = web.get(topic.get_post_url(2)).content.decode()
    assert 'id="post-2" data-behaviour="moved"' in page
    assert new.get_post_url(1).replace("&", "&amp;") in page
    assert web.get(reverse("post_show", args=[reply.pk]))["Location"] == new.get_post_url(1)


def test_old_addresses_of_a_merged_topic_lead_on(client_as, web, moderator, space, topic, member):
    source = make_topic(space=space, by=member)
    make_post(topic=source, by=member)
    old = source.get_absolute_url()
    client_as(moderator).post(
        reverse("topic_merge", args=[source.pk]), {"into": f"http://testserver{topic.get_absolute_url()}"}
    )
    assert web.get(old)["Location"] == topic.get_absolute_url()
    page = web.get(f"{old}?page=1").content.decode()
    assert 'id="post-2"' in page
    assert topic.get_post_url(3) in page
    assert web.post(f"{old}posts/", {"body": "On its way", "reply_to": "2"})[
        "Location"
    ] == topic.get_post_url(4)
    assert Post.objects.get(topic=topic, number=4).reply_to.number == 3


def test_an_old_address_tells_nobody_where_they_may_not_read(web, moderator, member):
    room = make_space(preset=SpacePreset.PRIVATE)
    open_topic, secret = make_topic(), make_topic(space=room, title="Secret plans")
    forget_visible_spaces(moderator)
    merge_topics(open_topic, secret, by=moderator)
    for address in (open_topic.get_absolute_url(), f"{open_topic.get_absolute_url()}?page=1"):
        answer = web.get(address)
        assert answer.status_code == 404
        assert b"Secret plans" not in answer.content


def test_a_topic_with_moved_posts_asks_one_query_more(
    web, moderator, topic, member, django_assert_max_num_queries
):
    for _number in range(4):
        make_post(topic=topic, by=member)
    split_topic(topic, [2, 3], by=moderator, title="Apart", kind=TopicKind.DISCUSSION)
    web.get(topic.get_absolute_url())
    with django_assert_max_num_queries(10):
        web.get(topic.get_absolute_url())


# --- sessions ---------------------------------------------------------------------------------------------------


@pytest.fixture
def host():
    return make_member("Hanna Host")


@pytest.fixture
def session(space, host, moderator):
    topic = make_topic(space=space, by=moderator, kind=TopicKind.SESSION, title="Ask Hanna")
    now = timezone.now()
    return settle_session(
        topic, by=moderator, opens_at=now - HOUR, starts_at=now + HOUR, ends_at=now + 2 * HOUR, hosts=[host]
    )


def test_questions_stand_in_the_order_of_support_and_answers_first_in_the_transcript(
    client_as, session, member, other_member, host
):
    first = ask_question(session, by=member, prose=words("What costs most?"))
    second = ask_question(session, by=member, prose=words("What comes next?"))
    web = client_as(other_member)
    web.post(reverse("question_support", args=[second.pk]))
    page = web.get(reverse("session_show", args=[session.pk])).content.decode()
    assert page.index("What comes next?") < page.index("What costs most?")
    assert "1 more wants to know this" in page
    client_as(host).post(reverse("question_answer", args=[first.pk]), {"body": "The second year."})
    first.refresh_from_db()
    assert first.answer.reply_to == first.post
    transcript = web.get(reverse("session_transcript", args=[session.pk])).content.decode()
    assert transcript.index("The second year.") < transcript.index("What comes next?")


def test_the_asker_and_who_wanted_to_know_hear_of_the_answer(session, member, other_member, host):
    question = ask_question(session, by=member, prose=words("What costs most?"))
    support_question(question, by=other_member)
    answer_question(question, by=host, prose=words("The second year."))
    dispatch_activity()
    for reader in (member, other_member):
        assert Notice.objects.get(member=reader, key=f"topic:{session.pk}").url.endswith("#post-3")


def test_support_is_said_once_and_taken_back(session, member, other_member):
    question = ask_question(session, by=member, prose=words("Why?"))
    for _time in range(2):
        support_question(question, by=other_member)
    question.refresh_from_db()
    assert question.support_count == 1
    unsupport_question(question, by=other_member)
    unsupport_question(question, by=other_member)
    question.refresh_from_db()
    assert question.support_count == 0
    with pytest.raises(Refused, match="your own question"):
        support_question(question, by=member)


def test_only_hosts_answer_and_questions_have_their_hours(session, member, other_member, moderator):
    question = ask_question(session, by=member, prose=words("Why?"))
    with pytest.raises(Refused, match="hosts of the session answer"):
        answer_question(question, by=other_member, prose=words("Because."))
    with pytest.raises(Refused, match="has ended"):
        ask_question(session, by=member, prose=words("Late?"), at=session.ends_at)
    with pytest.raises(Refused, match="Questions are taken from"):
        ask_question(session, by=member, prose=words("Early?"), at=session.opens_at - HOUR)
    assert SessionQuestion.objects.count() == 1


def test_a_session_begins_once_and_says_so(session, host):
    assert begin_sessions() == 0
    type(session).objects.filter(pk=session.pk).update(starts_at=timezone.now() - timedelta(seconds=1))
    assert (begin_sessions(), begin_sessions()) == (1, 0)
    dispatch_activity()
    assert Notice.objects.get(member=host, key=f"session:{session.pk}").title == "Begins now: Ask Hanna"


def test_settle_session_refuses_hours_out_of_order(session, moderator, host):
    now = timezone.now()
    with pytest.raises(Invalid, match="The end comes after"):
        settle_session(session.topic, by=moderator, opens_at=now, starts_at=now, ends_at=now, hosts=[host])
    with pytest.raises(Invalid, match="one to 5 hosts"):
        settle_session(session.topic, by=moderator, opens_at=now, starts_at=now, ends_at=now + HOUR, hosts=[])


def test_members_do_not_open_sessions(space, member):
    with pytest.raises(Refused, match="open sessions"):
        create_topic(space, by=member, kind=TopicKind.SESSION, title="Ask me", prose=words("Ask me"))


def test_session_calendar_replaces_the_entry_when_hours_move(web, session, moderator, host):
    url = reverse("session_calendar", args=[session.pk])
    first = web.get(url)
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    settle_session(
        session.topic, by=moderator, opens_at=session.opens_at, starts_at=session.starts_at + HOUR,
        ends_at=session.ends_at + HOUR, hosts=[host],
    )  # fmt: skip
    second = web.get(url).content.decode()
    uid = next(line for line in first.content.decode().splitlines() if line.startswith("UID:"))
    assert uid in second
    assert "SEQUENCE:1\r\n" in second


def test_what_is_asked_and_answered_is_kept_while_it_is_written(client_as, session, member, host):
    """Rule 3.5: on the page and among the drafts, until it is sent."""
    asked = ask_question(session, by=member, prose=words("What costs most?"))
    forms = (
        (member, f"ask:{session.pk}", "session_show", "session_ask", session.pk),
        (host, f"answer:{asked.pk}", "question_answer", "question_answer", asked.pk),
    )
    for writer, key, page, sending, number in forms:
        web = client_as(writer)
        kept = {"draft_key": key, "body": "Half a thought", "draft_sequence": 0, "draft_writer": "a"}
        assert (
            web.post(reverse("draft_keep"), kept, headers={"accept": "application/json"}).status_code == 200
        )
        shown = web.get(reverse(page, args=[number])).content.decode()
        assert "Half a thought" in shown
        assert f'data-key="{key}"' in shown
        assert reverse(page, args=[number]) in web.get(reverse("draft_list")).content.decode()
        people = web.get(reverse("mention_list"), {"key": key, "q": "hanna" if writer == member else "mira"})
        assert len(people.json()["people"]) == 1
        web.post(reverse(sending, args=[number]), {"body": "Half a thought", "draft_sequence": 1})
        assert not Draft.objects.exists()


def test_session_show_asks_as_often_for_many_questions(web, session):
    def count():
        web.get(reverse("session_show", args=[session.pk]))
        with CaptureQueriesContext(connection) as captured:
            web.get(reverse("session_show", args=[session.pk]))
        return len(captured)

    ask_question(session, by=make_member(), prose=words("One?"))
    before = count()
    for number in range(8):
        ask_question(session, by=make_member(), prose=words(f"Number {number}?"))
    assert count() == before <= 10


# --- tags -------------------------------------------------------------------------------------------------------


def test_a_new_word_of_a_member_is_proposed_and_of_a_steward_taken(space, member, guardian):
    for by, name in ((member, "pilots"), (guardian, "Tenders")):
        create_topic(space, by=by, kind=TopicKind.DISCUSSION, title=name, prose=words(name), tags=[name])
    assert list(Tag.objects.filter(proposed_at__isnull=False).values_list("name", "proposed_by")) == [
        ("pilots", member.pk)
    ]


def test_tag_list_accepts_and_merges(client_as, space, member, guardian):
    for name in ("pilots", "pilotts"):
        create_topic(space, by=member, kind=TopicKind.DISCUSSION, title=name, prose=words(name), tags=[name])
    web = client_as(guardian)
    assert b"pilotts" in web.get(reverse("tag_list")).content
    web.post(reverse("tag_accept", args=["pilots"]))
    refused = web.post(reverse("tag_merge", args=["pilotts"]), {"into": "nothing"})
    assert refused.status_code == 422
    assert b"no tag of that name" in refused.content
    web.post(reverse("tag_merge", args=["pilotts"]), {"into": "Pilots"})
    assert list(Tag.objects.values_list("name", "proposed_at")) == [("pilots", None)]
    assert Topic.objects.get(title="pilotts").tags.get().name == "pilots"
    with pytest.raises(Conflict):
        accept_tag(Tag.objects.get(), by=guardian)


def test_a_word_of_a_closed_room_is_nobody_elses_to_decide(guardian, moderator, member):
    room = make_space(preset=SpacePreset.CONFIDENTIAL, members=[member])
    forget_visible_spaces(member)
    create_topic(
        room, by=member, kind=TopicKind.DISCUSSION, title="In", prose=words("In"), tags=["secretword"]
    )
    tag = Tag.objects.get(name="secretword")
    for other in (guardian, moderator):
        with pytest.raises(Conflict):
            accept_tag(tag, by=other)
        with pytest.raises((Conflict, Invalid)):
            merge_tag(tag, tag, by=other)


# --- the administration -----------------------------------------------------------------------------------------


def test_stewards_are_listed_and_ended_in_the_administration(client_as, manager, space, guardian):
    web = client_as(manager)
    url = reverse("admin:discussions_spacesteward_changelist")
    assert b"Greta Guardian" in web.get(url).content
    row = SpaceSteward.objects.get()
    asked = {"action": "end", "_selected_action": [row.pk]}
    assert b"they look after the space no longer" in web.post(url, asked).content
    web.post(url, asked | {"confirmed": "yes"})
    assert not SpaceSteward.objects.exists()
