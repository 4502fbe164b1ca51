"""Every way to write into a space asks its quality rules: what holds on the page holds there, and no word is lost."""

import ast
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from community.core.errors import Invalid, Refused
from community.core.inbound import Answer
from community.core.models import Module, Scope
from community.core.text import Prose, SourceFormat
from community.core.tokens import create_token
from discussions.actions.ask_session import answer_question, ask_question, settle_session
from discussions.actions.case import report_topic
from discussions.actions.mail import post_answer
from discussions.actions.moderation import Terms, answer_case, rule_case
from discussions.actions.poll import PollRules, close_poll, edit_poll, write_outcome
from discussions.actions.post import create_post
from discussions.actions.rearrange import merge_topics, move_topic, split_topic
from discussions.actions.steward import Rules, settle_quality, settle_space
from discussions.actions.submission import Coached, change_post, send_post, send_topic
from discussions.models import (
    Case,
    HeldPost,
    Poll,
    PollKind,
    Post,
    ReportReason,
    RulingAct,
    Topic,
    TopicKind,
)
from discussions.quality import ARTICLE_COMMENTS
from members.actions.module import switch_module
from members.models import Welcome
from tests.factories import make_member, make_poll, make_space, make_topic
from tests.test_architecture import modules

pytestmark = pytest.mark.django_db

FINE = "We tried this for a quarter with two teams, and the second one needed a week less."
PUSHED = f"{FINE} https://a.example/1 https://b.example/2"
SENTENCE = "links to 2 places"

# Who writes posts without asking the rules, and why that is right.
UNASKED = {
    "community/demo/build.py",  # history
    "community/demo/places.py",  # history
    "discussions/actions/ask_session.py",  # asks `refuse_what_would_be_held` first
    "discussions/actions/resource.py",  # the words of the software, when a resource gets its thread
    "discussions/actions/submission.py",  # asks, holds and releases
}


def prose(text=PUSHED):
    return Prose(text, SourceFormat.MARKDOWN)


@pytest.fixture
def space():
    space = make_space("Comments", topic_kinds=("discussion", "question", "introduction", "session"))
    settle_quality(space, by=None, rules=ARTICLE_COMMENTS)
    return space


@pytest.fixture
def topic(space):
    return make_topic(space=space, by=make_member("Ada Author"))


@pytest.fixture
def lax():
    return make_space("Anything goes")


def nothing_of_it_is_posted():
    return not Post.objects.filter(source__contains="b.example").exists()


def test_nothing_else_writes_posts():
    writing = {"create_post", "create_topic", "edit_post"}
    found = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in writing
    }
    assert found == UNASKED


# --- the welcome ------------------------------------------------------------------------------------------------


def test_an_introduction_is_advised_held_and_posted_when_it_is_kept(space, member, moderator, client_as):
    Welcome.objects.create(member=member)
    web = client_as(member)
    said = {"step": "introduces", "title": "Hello", "body": PUSHED, "idempotency_key": "one"}
    page = web.post("/welcome/", said)
    text = page.content.decode()
    assert page.status_code == 422
    assert SENTENCE in text
    assert "b.example/2" in text
    assert 'name="advised" value="links"' in text
    assert not HeldPost.objects.exists()
    assert "At most 1 link to another site." in web.get("/welcome/?step=introduces").content.decode()
    sent = web.post("/welcome/", said | {"advised": "links"})
    assert sent["Location"] == reverse("own_case_list")
    assert nothing_of_it_is_posted()
    assert PUSHED in HeldPost.objects.get().source
    welcome = Welcome.objects.get(member=member)
    assert (welcome.topic_id, welcome.skipped) == (None, [])
    assert welcome.introduced_at
    # One introduction: whoever comes back to it reads where it waits.
    assert web.get("/welcome/?step=introduces")["Location"] == reverse("own_case_list")
    rule_case(Case.objects.get(), RulingAct.KEEP, by=moderator, version=1)
    topic = Topic.objects.get(kind=TopicKind.INTRODUCTION)
    assert topic.author == member
    assert web.get("/welcome/?step=introduces")["Location"] == topic.get_absolute_url()


def test_an_introduction_that_was_not_kept_can_be_written_again(space, member, moderator, client_as):
    web = client_as(member)
    said = {"step": "introduces", "title": "Hello", "body": PUSHED, "advised": "links"}
    web.post("/welcome/", said)
    terms = Terms(words="Say who you are.")
    rule_case(Case.objects.get(), RulingAct.HIDE, by=moderator, version=1, terms=terms)
    assert web.get("/welcome/?step=introduces").status_code == 200
    answer = web.post("/welcome/", {"step": "introduces", "title": "Hello", "body": FINE})
    assert answer["Location"] == Topic.objects.get().get_absolute_url()


# --- over the API and by mail -----------------------------------------------------------------------------------


def test_over_the_api_the_sentence_first_then_it_is_held(space, topic, member, client):
    secret = create_token(member, by=member, name="t", scope=Scope.WRITE).secret
    fresh = {"space": space.pk, "kind": "discussion", "title": "News", "body": PUSHED}
    for path, body in (("topics", fresh), (f"topics/{topic.pk}/posts", {"body": PUSHED})):
        send = {
            "path": f"/api/v1/{path}/",
            "content_type": "application/json",
            "HTTP_AUTHORIZATION": f"Bearer {secret}",
        }
        refused = client.post(data=body, **send)
        assert refused.status_code == 422
        assert SENTENCE in refused.content.decode()
        held = client.post(data=body | {"advised": ["links"]}, **send)
        assert held.status_code == 202
    assert nothing_of_it_is_posted()
    assert HeldPost.objects.filter(source=PUSHED).count() == 2


def test_a_post_changed_over_the_api_slips_nothing_in(topic, member, client):
    post = create_post(topic, by=member, prose=prose(FINE))
    secret = create_token(member, by=member, name="t", scope=Scope.WRITE).secret
    answer = client.patch(
        f"/api/v1/posts/{post.pk}/",
        {"body": PUSHED, "version": 1, "advised": ["links"]},
        content_type="application/json",
        HTTP_AUTHORIZATION=f"Bearer {secret}",
    )
    assert answer.status_code == 422
    assert SENTENCE in answer.content.decode()
    assert nothing_of_it_is_posted()


def test_an_answer_by_mail_is_held_with_every_word(topic, member):
    answer = Answer(
        member_id=member.pk,
        topic_id=topic.pk,
        message_id="<one@example.org>",
        sender=member.email,
        subject="Re: Pilots",
        text=PUSHED,
        has_files=False,
    )
    assert post_answer(answer).note == "held"
    assert nothing_of_it_is_posted()
    assert HeldPost.objects.get(author=member).source == PUSHED


# --- what cannot wait -------------------------------------------------------------------------------------------


def test_in_a_session_questions_and_answers_are_refused_in_words(space, member, moderator):
    topic = make_topic(space=space, by=moderator, kind="session")
    host, now = make_member("Hanna Host"), timezone.now()
    hours = {
        "opens_at": now,
        "starts_at": now + timedelta(minutes=1),
        "ends_at": now + timedelta(hours=2),
    }
    session = settle_session(topic, by=moderator, hosts=[host], **hours)
    with pytest.raises(Invalid, match=SENTENCE):
        ask_question(session, by=member, prose=prose())
    question = ask_question(session, by=member, prose=prose("Why?"))
    with pytest.raises(Invalid, match=SENTENCE):
        answer_question(question, by=host, prose=prose())
    answer_question(question, by=host, prose=prose("Yes."))
    assert nothing_of_it_is_posted()


def test_a_poll_is_refused_in_words_wherever_they_stand(space, member, moderator, client_as):
    for said in ({"about": PUSHED}, {"options": ["See https://a.example/1", "and https://b.example/2"]}):
        with pytest.raises(Invalid, match=SENTENCE):
            make_poll(place=space, by=member, **said)
    poll = make_poll(place=space, by=member, title="Which?")
    with pytest.raises(Invalid, match=SENTENCE):
        edit_poll(
            poll,
            by=member,
            title="Which?",
            about=PUSHED,
            options=["One", "Two"],
            rules=PollRules(kind=PollKind.SINGLE, closes_at=poll.closes_at),
        )
    close_poll(poll, by=moderator)
    with pytest.raises(Invalid, match=SENTENCE):
        write_outcome(poll, by=member, words=PUSHED)
    make_poll(place=space, by=moderator, about=PUSHED)
    assert Poll.objects.count() == 2


def test_the_form_of_a_poll_keeps_what_was_refused(space, member, client_as):
    form = {
        "title": "Which?",
        "about": PUSHED,
        "options": "One\nTwo",
        "kind": "single",
        "closes_at": f"{timezone.localtime() + timedelta(days=3):%Y-%m-%dT%H:%M}",
        "electorate": "readers",
        "vote_per": "member",
        "secrecy": "sums",
        "results": "after_voting",
        "quorum": "0",
        "most_choices": "0",
        "dots": "8",
        "outcome_days": "14",
    }
    page = client_as(member).post(reverse("poll_create") + f"?space={space.slug}", form)
    text = page.content.decode()
    assert page.status_code == 422
    assert SENTENCE in text
    assert "b.example/2" in text


# --- from elsewhere ---------------------------------------------------------------------------------------------


def test_nobody_moves_splits_or_merges_their_own_words_past_the_rules(space, lax, topic, member):
    mine = make_topic(space=lax, by=member, body=PUSHED)
    reply = create_post(mine, by=member, prose=prose())
    with pytest.raises(Refused):
        move_topic(mine, space, by=member)
    with pytest.raises(Refused):
        merge_topics(mine, topic, by=member)
    with pytest.raises(Refused):
        split_topic(mine, [reply.number], by=member, title="News", kind=TopicKind.DISCUSSION)


def test_what_a_moderator_moved_there_is_changed_by_the_rules_of_its_new_space(space, lax, member, moderator):
    mine = make_topic(space=lax, by=member, body=FINE)
    move_topic(mine, space, by=moderator)
    first = Post.objects.select_related("topic__space").get(topic=mine, number=1)
    with pytest.raises(Invalid, match=SENTENCE):
        change_post(first, by=member, prose=prose(), version=1)


def test_what_was_returned_comes_back_to_the_moderator_and_not_onto_the_page(topic, member, moderator):
    mine = make_topic(space=topic.space, by=member, body=FINE)
    case = report_topic(mine, by=make_member(), reason=ReportReason.OTHER).case
    terms = Terms(words="Without names, please.")
    case = rule_case(case, RulingAct.RETURN, by=moderator, version=None, terms=terms)
    answer_case(case, by=member, prose=prose(), version=case.version)
    assert not Topic.objects.visible_to(make_member()).filter(pk=mine.pk).exists()


# --- sent twice -------------------------------------------------------------------------------------------------


def test_the_same_sending_again_is_no_repetition(space, topic, member, moderator):
    """A browser that sends again after a lost answer gets what it made, and no advice about it."""
    first = send_post(topic, by=member, prose=prose(FINE), idempotency_key="reply-one")
    assert send_post(topic, by=member, prose=prose(FINE), idempotency_key="reply-one") == first
    other = f"{FINE} Half of that came from the contracts."
    words = {
        "kind": TopicKind.DISCUSSION,
        "title": "News",
        "prose": prose(other),
        "idempotency_key": "topic-one",
    }
    assert send_topic(space, by=member, **words) == send_topic(space, by=member, **words)
    with pytest.raises(Coached):
        send_post(topic, by=member, prose=prose(FINE), idempotency_key="reply-two")
    held_session = make_topic(space=space, by=moderator, kind="session")
    now = timezone.now()
    hours = {"opens_at": now, "starts_at": now + timedelta(minutes=1), "ends_at": now + timedelta(hours=2)}
    session = settle_session(held_session, by=moderator, hosts=[moderator], **hours)
    asked = {
        "prose": prose("How did you count the weeks that the second team needed?"),
        "idempotency_key": "ask-one-1",
    }
    assert ask_question(session, by=member, **asked) == ask_question(session, by=member, **asked)


# --- what is held can be kept -----------------------------------------------------------------------------------


def test_what_the_space_asks_beside_is_asked_before_it_is_held(space, member, moderator):
    settle_space(space, by=None, rules=Rules(least_length=500), templates={}, takes_requests=False)
    settle_quality(space, by=None, rules=ARTICLE_COMMENTS)
    with pytest.raises(Invalid, match="at least 500"):
        send_topic(space, by=member, kind=TopicKind.QUESTION, title="Why", prose=prose(), advised=["links"])
    assert not HeldPost.objects.exists()


def test_without_moderation_nothing_is_asked(space, member, administrator):
    switch_module(Module.MODERATION, by=administrator, is_on=False)
    fresh = type(member).objects.with_current_roles().get(pk=member.pk)
    topic = send_topic(space, by=fresh, kind=TopicKind.DISCUSSION, title="News", prose=prose())
    assert isinstance(topic, Topic)
