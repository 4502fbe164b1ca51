"""The welcome: three steps, each skippable, nobody led there twice; the introduction finds who can help."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from community.core.errors import Refused
from community.core.models import Activity
from community.core.verbs import Verb
from community.queries import home_page
from community.welcome import space_for_introductions
from discussions.models import Topic, TopicKind
from members.actions.fact import FactChange, set_facts
from members.actions.welcome import lead_to_welcome, take_step
from members.models import Fact, Member, Welcome
from tests.factories import make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db

ONLY_TALK = (TopicKind.DISCUSSION, TopicKind.QUESTION)


@pytest.fixture
def newcomer(member) -> Member:
    Welcome.objects.create(member=member)
    return member


@pytest.fixture
def hall(db):
    make_space("Lounge", slug="lounge")
    return make_space("Say hello", topic_kinds=(TopicKind.INTRODUCTION,))


def facts(member: Member) -> dict[str, list[str]]:
    return dict(Fact.objects.filter(member=member).values_list("field__key", "values"))


def test_three_steps_lead_from_facts_to_an_introduction(newcomer, hall, web):
    page = web.get("/welcome/").content.decode()
    assert "step 1 of 3" in page
    said = {"step": "knows", "helps_topics": "Pricing, audits", "can_help_with": "Five years of audits."}
    assert web.post("/welcome/", said)["Location"] == "/welcome/"
    assert "step 2 of 3" in web.get("/welcome/").content.decode()
    said = {"step": "looks_for", "looks_topics": "onboarding", "looks_for": "How others begin."}
    assert web.post("/welcome/", said)["Location"] == "/welcome/"
    assert facts(newcomer)["helps_topics"] == ["pricing", "audits"]
    page = web.get("/welcome/").content.decode()
    for words in ("step 3 of 3", "Hello from Mira Member", "Five years of audits.", "Say hello"):
        assert words in page
    answer = web.post("/welcome/", {"step": "introduces", "title": "Hello from Mira", "body": "I am Mira."})
    topic = Topic.objects.get()
    assert answer["Location"] == topic.get_absolute_url()
    assert (topic.space, topic.kind, list(topic.tags.names())) == (
        hall,
        TopicKind.INTRODUCTION,
        ["onboarding"],
    )
    welcome = Welcome.objects.get(member=newcomer)
    assert (welcome.topic_id, welcome.skipped) == (topic.pk, [])
    assert welcome.finished_at is not None
    assert Activity.objects.get(verb=Verb.WELCOME_FINISHED).data == {"skipped": []}
    assert web.get("/welcome/")["Location"] == "/"
    # One introduction: its step leads to it.
    assert web.get("/welcome/?step=introduces")["Location"] == topic.get_absolute_url()


def test_each_step_can_be_skipped(newcomer, hall, web):
    for step, onward in (("knows", "/welcome/"), ("looks_for", "/welcome/"), ("introduces", "/")):
        assert web.post("/welcome/", {"step": step, "skip": "1"})["Location"] == onward
    welcome = Welcome.objects.get(member=newcomer)
    assert welcome.skipped == ["knows", "looks_for", "introduces"]
    assert Activity.objects.get(verb=Verb.WELCOME_FINISHED).data["skipped"] == welcome.skipped
    assert not Topic.objects.exists()


def test_nothing_typed_is_lost(newcomer, hall, web):
    long = {"step": "knows", "helps_topics": "x" * 61, "can_help_with": "Audits."}
    answer = web.post("/welcome/", long)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "x" * 61 in page
    assert "Audits." in page
    answer = web.post("/welcome/", {"step": "introduces", "title": "", "body": "I am Mira, an auditor."})
    assert answer.status_code == 422
    assert "I am Mira, an auditor." in answer.content.decode()


def test_where_no_space_takes_introductions_it_says_so(newcomer, web):
    make_space(topic_kinds=ONLY_TALK)
    assert "No space takes introductions" in web.get("/welcome/?step=introduces").content.decode()
    answer = web.post("/welcome/", {"step": "introduces", "title": "Hello", "body": "I am Mira."})
    assert answer.status_code == 422
    assert "I am Mira." in answer.content.decode()
    assert not Topic.objects.exists()


def test_the_room_for_introductions_comes_before_rooms_that_take_them_too(member):
    make_space("Aaa")
    hall = make_space("Zzz", topic_kinds=(TopicKind.INTRODUCTION,))
    make_space("Closed", preset="private", topic_kinds=(TopicKind.INTRODUCTION,))
    assert space_for_introductions(member) == hall


def test_nobody_is_led_there_twice(newcomer):
    assert lead_to_welcome(newcomer)
    assert not lead_to_welcome(newcomer)
    assert not lead_to_welcome(make_member())


def test_a_welcome_is_ones_own_and_a_members(newcomer, other_member, applicant):
    with pytest.raises(Refused):
        take_step(newcomer, "knows", by=other_member)
    with pytest.raises(Refused):
        take_step(applicant, "knows", by=applicant)


def test_whoever_was_here_before_may_go_through_it_too(web, member, hall):
    assert web.get("/welcome/").status_code == 200
    assert web.post("/welcome/", {"step": "knows", "skip": "1"}).status_code == 302
    assert Welcome.objects.get(member=member).skipped == ["knows"]


@pytest.mark.parametrize("step", ["", "nothing", "\u202e", "knows' OR 1=1"])
def test_a_step_that_is_none_is_the_next_one(newcomer, web, step):
    assert web.get("/welcome/", {"step": step}).status_code == 200
    assert web.post("/welcome/", {"step": step}).status_code in {200, 302, 422}


# --- the first post of a newcomer -------------------------------------------------------------------------------


def could_help(member: Member) -> list[str]:
    return [row.title for row in home_page(Member.objects.get(pk=member.pk)).questions]


def test_a_newcomers_first_post_comes_first_to_those_who_know(member, other_member):
    space, author = make_space(), make_member()
    make_topic(space=space, kind="question", title="An older question")
    make_topic(space=space, by=author, kind="introduction", title="Hello from Nia", tags=["Pricing"])
    set_facts(member, {"helps_topics": FactChange(["pricing, audits"])}, by=member)
    set_facts(other_member, {"helps_topics": FactChange(["audits"])}, by=other_member)
    assert could_help(member) == ["Hello from Nia", "An older question"]
    assert could_help(other_member) == ["An older question"]
    # Never one's own.
    assert could_help(author) == ["An older question"]


def test_it_goes_once_it_is_answered_old_or_not_the_first(member):
    space, author, old_hand = (
        make_space(),
        make_member(),
        make_member(at=timezone.now() - timedelta(days=200)),
    )
    set_facts(member, {"helps_topics": FactChange(["pricing"])}, by=member)
    make_topic(space=space, by=old_hand, title="By an old hand", tags=["pricing"])
    hello = make_topic(space=space, by=author, kind="introduction", title="Hello from Nia", tags=["pricing"])
    make_topic(space=space, by=author, title="The second of hers", tags=["pricing"])
    assert could_help(member) == ["Hello from Nia"]
    make_post(topic=hello, by=member)
    assert could_help(member) == []


def test_a_question_stands_there_once(member):
    space, author = make_space(), make_member()
    set_facts(member, {"helps_topics": FactChange(["pricing"])}, by=member)
    make_topic(space=space, by=author, kind="question", title="How do you price?", tags=["pricing"])
    assert could_help(member) == ["How do you price?"]


def test_a_closed_room_keeps_its_newcomers_to_itself(member):
    room = make_space(preset="private")
    set_facts(member, {"helps_topics": FactChange(["pricing"])}, by=member)
    make_topic(space=room, title="Secret hello", tags=["pricing"])
    assert could_help(member) == []


def test_home_leads_back_to_what_is_left_of_the_welcome(newcomer, client_as):
    web = client_as(newcomer)
    assert web.get("/")["Location"] == reverse("welcome")
    assert "Step 1 of 3 is next: What you know." in web.get("/").content.decode()
    take_step(newcomer, "knows", by=newcomer, is_skipped=True)
    page = web.get("/").content.decode()
    assert "Step 2 of 3 is next: What you look for." in page
    assert f'href="{reverse("welcome")}"' in page
    for step in ("looks_for", "introduces"):
        take_step(newcomer, step, by=newcomer, is_skipped=True)
    assert "of 3 is next" not in web.get("/").content.decode()


def test_home_says_nothing_of_a_welcome_to_whoever_never_had_one(web):
    assert "of 3 is next" not in web.get("/").content.decode()
