"""Introductions: proposed by a third, agreed to by both or forgotten, and asked after once."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, Mail
from community.core.verbs import Verb
from members.actions.fact import FactChange, set_facts
from members.actions.introduction import (
    MOST_OPEN,
    answer_introduction,
    create_introduction,
    tend_introductions,
)
from members.actions.tie import block_member, mute_member
from members.models import Introduction, Visibility
from tests.factories import dispatch_activity, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(db):
    return make_member("Ona One")


@pytest.fixture
def other(db):
    return make_member("Otto Other")


def propose(one, other, by, reason="Both are in pricing."):
    return create_introduction(one, other, reason=reason, by=by)


def kinds():
    return sorted(Mail.objects.filter(kind__startswith="introduction").values_list("kind", flat=True))


def test_both_are_asked_and_both_must_agree(member, one, other):
    row = propose(other, one, member)
    dispatch_activity()
    assert kinds() == ["introduction.asked"] * 2
    assert "Both are in pricing." in Mail.objects.get(address=one.email).body
    answer_introduction(row, agrees=True, by=one)
    assert not Activity.objects.filter(verb=Verb.INTRODUCTION_MADE).exists()
    made = answer_introduction(row, agrees=True, by=other)
    assert made.made_at
    activity = Activity.objects.get(verb=Verb.INTRODUCTION_MADE)
    assert activity.actor == member, "a give of whoever introduced"
    assert {activity.data["first_id"], activity.data["second_id"]} == {one.pk, other.pk}
    with pytest.raises(Conflict):
        answer_introduction(row, agrees=False, by=one)


def test_the_mail_says_what_each_may_see_of_the_other_and_no_address(member, one, other):
    set_facts(
        one, {"place": FactChange(["Oslo"]), "biography": FactChange(["Kept"], Visibility.ONLY_ME)}, by=one
    )
    row = propose(one, other, member)
    for side in (one, other):
        answer_introduction(row, agrees=True, by=side)
    dispatch_activity()
    body = Mail.objects.get(kind="introduction.made", address=other.email).body
    assert "Place: Oslo" in body
    assert one.get_absolute_url() in body
    for hidden in ("Kept", one.email):
        assert hidden not in body


def test_a_no_leaves_nothing_behind(member, one, other):
    row = propose(one, other, member)
    before = Activity.objects.count()
    dispatch_activity()
    mails = Mail.objects.count()
    assert answer_introduction(row, agrees=False, by=other) is None
    dispatch_activity()
    assert not Introduction.objects.exists()
    assert (Activity.objects.count(), Mail.objects.count()) == (before, mails)
    proposed = Activity.objects.get(verb=Verb.INTRODUCTION_PROPOSED)
    assert proposed.counterpart is None
    assert one.display_name not in str((proposed.data, proposed.target_title))
    with pytest.raises(Conflict):
        answer_introduction(row, agrees=True, by=one)


def test_only_the_two_answer(member, one, other, manager):
    row = propose(one, other, member)
    for somebody in (member, manager, make_member()):
        with pytest.raises(Refused):
            answer_introduction(row, agrees=True, by=somebody)


def test_who_proposes_sees_no_difference_between_no_and_nothing_yet(member, one, other, client_as):
    browser = client_as(member)
    row = propose(one, other, member)
    waiting = browser.get(reverse("introduction_list")).content
    answer_introduction(row, agrees=False, by=one)
    declined = browser.get(reverse("introduction_list")).content
    assert b"Ona One" not in waiting
    assert b"Ona One" not in declined


@pytest.mark.parametrize("reason", ["", " \n\u200b\n", "a\nb\nc\nd", "x" * 501])
def test_a_reason_has_one_to_three_lines(member, one, other, reason):
    with pytest.raises(Invalid) as caught:
        propose(one, other, member, reason)
    assert list(caught.value.fields) == ["reason"]


def test_a_reason_keeps_its_lines(member, one, other):
    assert propose(one, other, member, " a \r\n\r\n b\nc ").reason == "a\nb\nc"


def test_two_others_and_not_the_same(member, one, other, applicant):
    for pair in ((one, one), (member, one), (one, member)):
        with pytest.raises(Invalid):
            propose(*pair, member)
    with pytest.raises(Refused):
        propose(one, other, applicant)


def test_why_two_cannot_meet_is_not_told(member, one, other):
    """The same sentence for a block, a mute, an open proposal and one that was made."""
    sentences = set()

    def refusal(first, second):
        with pytest.raises(Invalid) as caught:
            propose(first, second, member)
        sentences.add((caught.value.sentence, tuple(caught.value.fields)))

    block_member(other, by=one)
    refusal(one, other)
    third = make_member()
    mute_member(one, by=third)
    refusal(one, third)
    fourth, fifth = make_member(), make_member()
    row = propose(fourth, fifth, make_member())
    refusal(fifth, fourth)
    for side in (fourth, fifth):
        answer_introduction(row, agrees=True, by=side)
    refusal(fourth, fifth)
    assert len(sentences) == 1


def test_a_block_takes_an_open_one_away(member, one, other):
    propose(one, other, member)
    block_member(one, by=other)
    assert not Introduction.objects.exists()


def test_who_has_muted_the_introducer_gets_no_mail(member, one, other):
    mute_member(member, by=one)
    propose(one, other, member)
    dispatch_activity()
    assert [row.address for row in Mail.objects.filter(kind="introduction.asked")] == [other.email]


def test_ten_wait_at_most(member):
    for _number in range(MOST_OPEN):
        propose(make_member(), make_member(), member)
    with pytest.raises(Conflict):
        propose(make_member(), make_member(), member)


def test_it_runs_out_and_is_asked_after_once(member, one, other):
    propose(one, make_member(), member)
    Introduction.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    with pytest.raises(Conflict):
        answer_introduction(Introduction.objects.get(), agrees=True, by=one)
    row = propose(one, other, member)
    for side in (one, other):
        answer_introduction(row, agrees=True, by=side)
    assert tend_introductions() == {"run_out": 1, "followed_up": 0}
    Introduction.objects.update(made_at=timezone.now() - timedelta(days=14, minutes=1))
    assert tend_introductions() == {"run_out": 0, "followed_up": 1}
    assert tend_introductions() == {"run_out": 0, "followed_up": 0}
    assert kinds() == ["introduction.followed_up"] * 2
    assert Mail.objects.get(address=one.email).subject == "Did you and Otto Other talk?"


def test_the_way_through_the_pages(member, one, other, client_as):
    browser = client_as(member)
    address = reverse("introduction_create", args=[one.handle])
    assert browser.get(address).status_code == 200
    for second, words in (
        ("nobody", "Nobody here has this handle or name"),
        (one.handle, "same person twice"),
    ):
        response = browser.post(address, {"second": second, "reason": "Kept words"})
        assert response.status_code == 422
        assert words in response.content.decode()
        assert "Kept words" in response.content.decode()
    make_member("Otto Other", handle="otto-2")
    assert "@otto-2" in browser.post(address, {"second": "otto other", "reason": "x"}).content.decode()
    assert browser.post(address, {"second": f"@{other.handle}", "reason": "Pricing"}).status_code == 302
    row = Introduction.objects.get()
    for side in (one, other):
        page = client_as(side).get(reverse("introduction_list")).content.decode()
        assert "Pricing" in page
        answer = client_as(side).post(reverse("introduction_answer", args=[row.pk]), {"agrees": "yes"})
        assert answer.status_code == 302
    assert "You introduced them" in browser.get(reverse("introduction_list")).content.decode()
    assert client_as(make_member()).post(reverse("introduction_answer", args=[row.pk])).status_code == 404
