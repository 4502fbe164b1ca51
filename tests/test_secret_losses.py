"""Who loses the right to see something sees no more of it: not where it was told, kept, marked, or queued before.

Each case lets somebody live in a room: they are told of things there, mark and follow and claim, keep a list and begin
drafts, and mails are queued. Then the room is closed to them in one of the ways there are. What they kept is looked
for on every page without parameters, in lists, counts and suggestions, over the API, in the mails that were queued
before and in the digest. The control asks the same before the loss, so that nothing is proved by looking away.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.core import mail as sent_mail
from django.test import Client
from django.utils import timezone

from community.core.mail import send_mail
from community.core.models import Delivery, Mail, Notice, NoticePreference, NoticeReason
from community.core.text import Prose, SourceFormat
from discussions.actions.answering import claim_question, request_answer
from discussions.actions.ask_session import settle_session
from discussions.actions.bookmark import bookmark_post, remind_of_bookmarks
from discussions.actions.digest import claim_digests, plan_digests
from discussions.actions.draft import save_draft
from discussions.actions.message import send_message, start_conversation
from discussions.actions.place_notice import tell_of_session
from discussions.actions.post import delete_post, thank_post
from discussions.actions.rearrange import move_topic
from discussions.actions.saved_view import save_view
from discussions.actions.topic import mark_read
from discussions.models import (
    AnswerRequest,
    Bookmark,
    Claim,
    Follow,
    FollowLevel,
    FollowReason,
    Post,
    Space,
    Topic,
)
from discussions.queries.notices import unread_label
from members.actions.fact import FactChange, set_facts
from members.actions.tie import block_member
from members.models import Member, Role, RoleName
from tests.factories import dispatch_activity, make_member, make_post, make_space, make_topic
from tests.routes import routes
from tests.settings import forget_cache
from tests.test_secret_sweep import text_of
from tests.thorough import THOROUGH
from tests.world import undone

pytestmark = pytest.mark.django_db

ROLES = ("member", "expert", "steward", "moderator", "executive")
SECRET = re.compile(r"zqlost[a-z]+qz")
# How a room closes, what it was before, and to whom that closes it (rules 3.1 and 3.14): moderators read all but
# confidential rooms.
ALL_BUT_MODERATORS = ("member", "expert", "steward", "executive")
LOSSES = {
    "no longer listed": ("private", ALL_BUT_MODERATORS),
    "no longer in the confidential room": ("confidential", ROLES),
    "the space became private": ("open", ALL_BUT_MODERATORS),
    "the topic was moved": ("open", ALL_BUT_MODERATORS),
    "no expert any more": ("experts", ("expert",)),
}
# Every role loses something; each in every way only in a thorough run.
USUAL = {
    "no longer listed": ("member", "steward"),
    "no longer in the confidential room": ("member", "moderator"),
    "the space became private": ("member", "expert"),
    "the topic was moved": ("member", "executive"),
    "no expert any more": ("expert",),
}
CASES = [
    (loss, role) for loss, (_preset, roles) in LOSSES.items() for role in (roles if THOROUGH else USUAL[loss])
]
# Where somebody meets again what they had to do with: the control finds the room in each of them.
KEPT_IN = (
    "/",
    "/notices/",
    "/bookmarks/",
    "/drafts/",
    "/topics/",
    "/topics/?list=latest",
    "/api/v1/notices/",
    "/api/v1/topics/for-you/",
    "/api/v1/views/",
    "/search/?q=zqlosttitleqz",
    "/search/suggestions/?q=zqlosttitleqz",
    "/api/v1/search/?q=zqlosttitleqz",
)
ASKED = (
    *KEPT_IN,
    "/notices/?show=unread",
    "/topics/?list=unanswered",
    "/topics/?list=useful",
    "/search/?q=zqlostreplyqz",
    "/search/?q=zqlosttitleqz+kind:message",
    "/search/suggestions/?q=zqlosttagqz",
    "/suggestions/",
    "/members/?q=wendy",
)


@dataclass
class Life:
    """What somebody has had to do with one room."""

    member: Member
    writer: Member
    space: Space
    topic: Topic
    reply: Post


@pytest.fixture
def settings_of_mail(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.INBOUND_ADDRESS = "reply@community.example"


def live(role: str, preset: str) -> Life:
    member = make_member("Lena Loser", role=role, email="lena@example.org", handle="lena")
    writer = make_member("Wendy Writer", also=["expert", "moderator"], handle="wendy")
    Member.objects.update(joined_at=timezone.now() - timedelta(days=90))
    NoticePreference.objects.create(
        member=member,
        choices=dict.fromkeys(NoticeReason.values, Delivery.AT_ONCE.value),
        digest_hour=timezone.now().hour,
    )
    listed = [writer] if preset == "experts" else [member, writer]
    space = make_space(
        "zqlostnameqz", slug="zqlostslugqz", purpose="zqlostpurposeqz", preset=preset, members=listed
    )
    topic = make_topic(
        space=space, by=writer, kind="question", title="zqlosttitleqz", body="zqlostbodyqz", tags=["zqlosttagqz"]
    )  # fmt: skip
    now = timezone.now()
    for thing in ({"topic": topic}, {"space": space}, {"tag": topic.tags.get()}):
        Follow.objects.update_or_create(
            member=member,
            **thing,
            defaults={
                "level": FollowLevel.EVERYTHING,
                "reason": FollowReason.CHOSEN,
                "created_at": now - timedelta(days=9),
            },
        )
    claim_question(topic, by=member)
    request_answer(topic, member, by=writer)
    mine = make_post(topic=topic, by=member, body="I was here.")
    mark_read(topic, member, 1)
    reply = make_post(topic=topic, by=writer, reply_to=mine, body="zqlostreplyqz, @lena")
    thank_post(mine, by=writer)
    bookmark = bookmark_post(reply, by=member, note="zqlostnoteqz")
    Bookmark.objects.filter(pk=bookmark.pk).update(remind_at=now)
    save_view(by=member, name="zqlostviewqz", query="list=latest&space=zqlostslugqz", is_digest=True)
    words = {"title": "My own", "body": "My words", "space": "zqlostslugqz"}
    save_draft("topic:new:zqlostslugqz", words, 0, by=member)
    save_draft(f"reply:{topic.pk}", {"body": "My answer"}, 0, by=member)
    save_draft(f"edit:{mine.pk}", {"body": "My change"}, 0, by=member)
    remind_of_bookmarks()
    session = make_topic(space=space, by=writer, kind="session", title="zqlostsessionqz")
    settle_session(
        session, by=writer, hosts=[writer],
        opens_at=now, starts_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=2),
    )  # fmt: skip
    Follow.objects.get_or_create(
        member=member,
        topic=session,
        defaults={"level": FollowLevel.EVERYTHING, "reason": FollowReason.CHOSEN, "created_at": now},
    )
    tell_of_session(session, at=now)
    dispatch_activity()
    return Life(member, writer, space, topic, reply)


def lose(life: Life, loss: str) -> None:
    """Behind the back of every subscriber, so that nothing tidies up first: it is decided when it is shown."""
    if loss == "the space became private":
        Space.objects.filter(pk=life.space.pk).update(preset="private")
    elif loss == "the topic was moved":
        closed = make_space("zqlostcellarqz", slug="zqlostcellarqz", preset="private", members=[life.writer])
        manager = make_member(role="manager")
        for topic in Topic.objects.filter(space=life.space):
            move_topic(topic, closed, by=manager)
        Space.objects.filter(pk=life.space.pk).update(name="A room", slug="a-room", purpose="", preset="open")
    elif loss == "no expert any more":
        Role.objects.filter(member=life.member, role=RoleName.EXPERT).update(role=RoleName.MEMBER)
    if loss != "the topic was moved":
        life.space.memberships.filter(member=life.member).delete()


def addresses(life: Life) -> Iterator[str]:
    yield from ASKED
    for route in routes():
        if not route.parameters and not route.template.startswith(("admin/", "accounts/")):
            yield f"/{route.template}"
    yield from around(life)


def around(life: Life) -> Iterator[str]:
    """What has the topic or one of its people in its address."""
    yield f"/topics/live/?after={int(timezone.now().timestamp()) - 60}"
    yield f"/topics/{life.topic.pk}/"
    yield f"/topics/{life.topic.pk}/live/?after=0"
    yield f"/topics/{life.topic.pk}/?quote={life.reply.number}"
    yield f"/topics/{life.topic.pk}/experts/"
    yield f"/posts/{life.reply.pk}/"
    yield f"/mentions/?key=reply:{life.topic.pk}&q=wen"
    yield f"/api/v1/topics/{life.topic.pk}/posts/"
    yield f"/members/{life.writer.handle}/"
    yield f"/members/{life.writer.handle}/posts/"
    yield f"/members/{life.member.handle}/posts/"


def met(member: Member, found: Iterable[str]) -> dict[str, set[str]]:
    """The secret words in each answer, without those that were asked for."""
    client = Client(raise_request_exception=False)
    client.force_login(member)
    words = {}
    for address in found:
        with undone():
            forget_cache()
            answer = client.get(address)
            assert answer.status_code < 500, address
            asked = set(SECRET.findall(address))
            text = text_of(answer, address)
            words[address] = set(SECRET.findall(text)) - asked
            # What was asked for is printed again; found it is only where something leads to it.
            words[address] |= {word for word in asked if f">{word}<" in text or f'"title": "{word}' in text}
    return words


def sent_to(member: Member) -> str:
    """All that leaves for them by mail: what was queued before, and the digest that is planned now."""
    plan_digests()
    claim_digests()
    for mail_id in Mail.objects.due().filter(member=member).order_by("pk").values_list("pk", flat=True):
        send_mail(mail_id)
    parts = []
    for message in sent_mail.outbox:
        if message.to == [member.email]:
            headers = " ".join(message.extra_headers.values())
            parts += [
                message.subject,
                message.body,
                headers,
                *(str(part) for part, _ in message.alternatives),
            ]
    return " ".join(parts).lower()


def fresh(member: Member) -> Member:
    return Member.objects.with_current_roles().get(pk=member.pk)


@pytest.mark.parametrize(("loss", "role"), CASES)
def test_who_lost_the_right_to_see_a_room_meets_it_nowhere(settings_of_mail, loss, role):
    life = live(role, LOSSES[loss][0])
    lose(life, loss)
    if loss == "no longer listed" and role == "steward":
        # Once in each way is enough for what a program sends.
        beside = advice_for(life, "zqlosttitleqz")
        assert SECRET.findall(beside) == []
    found = {address: words for address, words in met(life.member, addresses(life)).items() if words}
    assert found == {}
    assert unread_label(fresh(life.member)) == ""
    assert set(SECRET.findall(sent_to(life.member))) == set()


@pytest.mark.parametrize("preset", ["private", "open"])
def test_the_control_before_the_loss_all_of_it_is_met(settings_of_mail, preset):
    life = live("member", preset)
    found = met(life.member, (*KEPT_IN, "/suggestions/"))
    assert [address for address in KEPT_IN if not found[address]] == []
    assert {"zqlosttitleqz", "zqlostsessionqz"} <= found["/notices/"]
    assert "zqlostviewqz" in found["/topics/"]
    assert "zqlostslugqz" in found["/drafts/"]
    assert unread_label(fresh(life.member)) != ""
    assert "zqlosttitleqz" in advice_for(life, "zqlosttitleqz")
    mailed = sent_to(life.member)
    assert {"zqlosttitleqz", "zqlostreplyqz", "zqlostsessionqz", "zqlostnameqz"} <= set(
        SECRET.findall(mailed)
    )


def test_of_a_confidential_room_nothing_leaves_by_mail_even_to_those_inside(settings_of_mail):
    life = live("member", "confidential")
    assert "zqlosttitleqz" in met(life.member, ("/notices/",))["/notices/"]
    assert set(SECRET.findall(sent_to(life.member))) == set()


def advice_for(life: Life, title: str) -> str:
    """What is said beside a form while somebody writes a title: similar topics."""
    client = Client(raise_request_exception=False)
    client.force_login(life.member)
    with undone():
        words = {"draft_key": "topic:new:", "draft_sequence": "0", "title": title, "body": "Some words."}
        answer = client.post("/drafts/keep/", words, headers={"accept": "application/json"})
        return json.loads(answer.content)["advice"]


def test_a_draft_for_a_closed_space_opens_with_its_words_and_without_the_space(settings_of_mail):
    life = live("member", "private")
    lose(life, "no longer listed")
    client = Client()
    client.force_login(life.member)
    page = client.get("/drafts/").content.decode()
    link = re.search(r"/topics/new/\?draft=\d+", page)
    assert link is not None
    form = client.get(link[0]).content.decode()
    assert "My words" in form
    assert "My own" in form
    assert "zqlost" not in form
    save_draft("topic:new:", {"title": "Another", "body": "Other words"}, 0, by=life.member)
    form = client.get(link[0]).content.decode()
    assert "My words" in form
    assert "Other words" in form
    number = link[0].rpartition("=")[2]
    client.post("/drafts/drop/", {"draft": number})
    assert "My own" not in client.get("/drafts/").content.decode()
    other = Client()
    other.force_login(life.writer)
    assert "Other words" not in other.get("/topics/new/?draft=1").content.decode()


def test_a_name_that_a_list_of_a_closed_space_has_is_free(settings_of_mail):
    life = live("member", "private")
    lose(life, "no longer listed")
    view = save_view(by=fresh(life.member), name="zqlostviewqz", query="list=useful")
    assert view.query == "list=useful"
    client = Client()
    client.force_login(life.member)
    form = {"name": "Mine", "query": "list=latest&space=zqlostslugqz"}
    hidden = client.post("/views/", form)
    missing = client.post("/views/", {**form, "query": "list=latest&space=nowhere"})
    assert (hidden.status_code, missing.status_code) == (422, 422)


# --- counts and suggestions ---


def test_a_live_count_counts_nothing_hidden(client_as):
    reader, writer = make_member(), make_member()
    before = int(timezone.now().timestamp()) - 60
    closed = make_space(preset="private", members=[writer])
    topic = make_topic(space=closed, by=writer)
    client = client_as(reader)
    assert client.get(f"/topics/live/?after={before}").status_code == 204
    hidden = client.get(f"/topics/{topic.pk}/live/?after=0")
    assert (hidden.status_code, client.get("/topics/999999/live/").status_code) == (404, 404)
    assert client_as(writer).get(f"/topics/{topic.pk}/live/?after=0").status_code == 204
    make_topic(by=writer)
    assert client.get(f"/topics/live/?after={before}").status_code == 200


def test_the_load_of_somebody_who_knows_counts_only_what_the_reader_may_see(client_as):
    asker, knows, other = make_member(), make_member("Wendy Writer", handle="wendy"), make_member()
    set_facts(knows, {"helps_topics": FactChange(["Pumps"])}, by=knows)
    question = make_topic(by=asker, kind="question", tags=["pumps"])
    page = client_as(asker).get(f"/topics/{question.pk}/experts/").content.decode()
    assert "Wendy Writer" in page
    assert "not asked this month" in page
    closed = make_space(preset="private", members=[knows, other])
    hidden = make_topic(space=closed, by=other, kind="question", tags=["pumps"])
    AnswerRequest.objects.create(topic=hidden, member=knows, asked_by=other)
    Claim.objects.create(
        topic=hidden, member=knows, created_at=timezone.now(), expires_at=timezone.now() + timedelta(days=1)
    )
    again = client_as(asker).get(f"/topics/{question.pk}/experts/").content.decode()
    assert "not asked this month" in again
    assert "answering" not in re.sub(r"<form.*?</form>", "", again).lower().replace("answering this", "")
    own = client_as(other).get(f"/topics/{hidden.pk}/experts/").content.decode()
    assert "asked 1 time this month, answering 1 question now" in own


def test_nobody_is_suggested_for_what_they_said_where_the_reader_may_not_look(client_as):
    reader, writer = make_member(), make_member("Wendy Writer", handle="wendy")
    space = make_space(preset="private", members=[reader, writer])
    mine = make_post(topic=make_topic(space=space, by=writer), by=reader)
    make_post(topic=mine.topic, by=writer, reply_to=mine)
    assert "Replied to you" in client_as(reader).get("/suggestions/").content.decode()
    space.memberships.filter(member=reader).delete()
    assert "Wendy" not in client_as(reader).get("/suggestions/").content.decode()


# --- deleted posts, messages of others, blocks ---


@pytest.mark.parametrize("role", ROLES)
def test_a_deleted_post_is_told_mailed_and_quoted_to_nobody(settings_of_mail, role):
    """Its words are gone from everywhere; only who may bring it back finds them, in the bin of what they deleted."""
    life = live(role, "open")
    delete_post(life.reply, by=life.writer)
    found = met(life.member, [*ASKED, *around(life)])
    # Moderators read in its place what was there, and why.
    allowed = {f"/topics/{life.topic.pk}/", f"/topics/{life.topic.pk}/?quote={life.reply.number}"}
    shown = {address for address, words in found.items() if "zqlostreplyqz" in words}
    assert shown <= (allowed if role == "moderator" else set())
    assert "zqlostreplyqz" not in sent_to(life.member)


@pytest.mark.parametrize("role", [*ROLES, "manager", "administrator"])
def test_messages_of_others_are_found_by_nobody(settings_of_mail, role):
    one, other = make_member("Olga One"), make_member("Otto Other", email="otto@example.org")
    first = start_conversation(
        [other], by=one, prose=Prose("zqlostmessageqz", SourceFormat.MARKDOWN), name=""
    )
    send_message(first.conversation, by=other, prose=Prose("zqlostanswerqz", SourceFormat.MARKDOWN))
    dispatch_activity()
    reader = make_member(role=role)
    queries = (
        "/messages/",
        "/messages/?q=zqlostmessageqz",
        f"/messages/{first.conversation_id}/",
        f"/messages/items/{first.pk}/",
        "/search/?q=zqlostmessageqz",
        "/search/?q=zqlostmessageqz+kind:message",
        "/search/?q=from:me+kind:message+zqlostanswerqz",
        "/api/v1/search/?q=zqlostmessageqz+kind:message",
        "/api/v1/conversations/",
        "/notices/",
        "/search/suggestions/?q=zqlostmessageqz",
    )
    assert {address: words for address, words in met(reader, queries).items() if words} == {}
    assert met(other, ("/messages/",))["/messages/"]
    NoticePreference.objects.create(
        member=other, choices={"message": Delivery.AT_ONCE.value}, digest_hour=timezone.now().hour
    )
    # Not even to whom it was written: no words of a message leave by mail.
    assert set(SECRET.findall(sent_to(other))) == set()


@pytest.mark.parametrize("way", ["the reader blocks", "the reader is blocked"])
def test_a_blocked_person_is_suggested_and_told_of_nowhere(settings_of_mail, way):
    life = live("member", "open")
    set_facts(life.writer, {"helps_topics": FactChange(["Pumps"])}, by=life.writer)
    question = make_topic(by=life.member, kind="question", tags=["pumps"])
    places = (
        f"/topics/{question.pk}/experts/",
        f"/mentions/?key=reply:{question.pk}&q=wen",
        "/search/suggestions/?q=wendy",
        "/search/?q=wendy+kind:person",
        "/suggestions/",
        "/members/?q=wendy",
    )
    client = Client()
    client.force_login(life.member)

    def named() -> set[str]:
        forget_cache()
        return {
            address for address in places if "wendy writer" in client.get(address).content.decode().lower()
        }

    assert named() == set(places)
    blocks = (life.member, life.writer) if way == "the reader blocks" else (life.writer, life.member)
    block_member(blocks[1], by=blocks[0])
    assert named() == set()
    # What was queued before: no post of theirs is mailed, and no topic they began stands in the digest.
    mailed = sent_to(life.member)
    assert "zqlostreplyqz" not in mailed
    assert "zqlostbodyqz" not in mailed
    told = Notice.objects.filter(member=life.member).count()
    make_post(topic=question, by=life.writer, body="zqlostlaterqz")
    dispatch_activity()
    assert Notice.objects.filter(member=life.member).count() == told
