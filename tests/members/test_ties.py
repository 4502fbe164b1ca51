"""Follow, mute and block: what they do, what they record, and what nobody else learns of them."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from community.core.errors import Invalid, Refused
from community.core.models import Activity
from community.core.verbs import Verb
from members.actions.tie import (
    block_member,
    follow_member,
    mute_member,
    unblock_member,
    unfollow_member,
    unmute_member,
)
from members.models import Member, Tie, TieKind
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def kinds(member, other):
    return set(Tie.objects.filter(member=member, other=other).values_list("kind", flat=True))


def shown_to(reader):
    return set(Member.objects.visible_to(Member.objects.get(pk=reader.pk)))


def test_following_is_told_once_and_can_end(member, other_member):
    follow_member(other_member, by=member)
    follow_member(other_member, by=member)
    row = Activity.objects.get(verb=Verb.MEMBER_FOLLOWED)
    assert (row.actor, row.counterpart) == (member, other_member)
    unfollow_member(other_member, by=member)
    unfollow_member(other_member, by=member)
    assert Activity.objects.filter(verb=Verb.MEMBER_UNFOLLOWED).count() == 1
    assert kinds(member, other_member) == set()


def test_nobody_has_a_tie_with_themselves_and_applicants_have_none(member, applicant):
    with pytest.raises(Invalid):
        follow_member(member, by=member)
    for act in (follow_member, mute_member, block_member, unfollow_member, unmute_member, unblock_member):
        with pytest.raises(Refused):
            act(member, by=applicant)
    with pytest.raises(IntegrityError), transaction.atomic():
        Tie.objects.create(member=member, other=member, kind=TieKind.FOLLOW)


def test_a_mute_and_a_block_leave_no_activity(member, other_member):
    before = Activity.objects.count()
    mute_member(other_member, by=member)
    block_member(other_member, by=member)
    unmute_member(other_member, by=member)
    unblock_member(other_member, by=member)
    assert Activity.objects.count() == before


def test_a_block_ends_follows_and_hides_both_from_each_other(member, other_member, manager, moderator):
    follow_member(other_member, by=member)
    follow_member(member, by=other_member)
    block_member(other_member, by=member)
    assert kinds(member, other_member) == {TieKind.BLOCK}
    assert kinds(other_member, member) == set()
    assert other_member not in shown_to(member)
    assert member not in shown_to(other_member)
    assert member in shown_to(member)
    for reader in (manager, moderator):
        assert {member, other_member} <= shown_to(reader)
    third = make_member()
    assert {member, other_member} <= shown_to(third)
    unblock_member(other_member, by=member)
    assert other_member in shown_to(member)


def test_who_is_blocked_meets_the_page_of_nobody(member, other_member, client_as):
    block_member(other_member, by=member)
    browser = client_as(other_member)
    for name in ("member_show", "member_vcard", "introduction_create", "member_posts"):
        nobody = browser.get(reverse(name, args=["nobody-at-all"]))
        assert browser.get(reverse(name, args=[member.handle])).status_code == nobody.status_code == 404, name
    for name in ("member_follow", "member_mute", "member_block", "member_unfollow"):
        assert browser.post(reverse(name, args=[member.handle])).status_code == 404, name


def test_buttons_on_the_page_do_it(web, member, other_member):
    page = web.get(other_member.get_absolute_url()).content.decode()
    assert reverse("member_follow", args=[other_member.handle]) in page
    answer = web.post(reverse("member_follow", args=[other_member.handle]))
    assert answer["Location"] == other_member.get_absolute_url()
    page = web.get(other_member.get_absolute_url()).content.decode()
    assert "Stop following" in page
    answer = web.post(reverse("member_block", args=[other_member.handle]))
    assert answer["Location"] == reverse("tie_list"), "the page is not there any more"
    page = web.get(reverse("tie_list")).content.decode()
    assert other_member.display_name in page
    assert other_member.get_absolute_url() + '"' not in page
    answer = web.post(reverse("member_unblock", args=[other_member.handle]) + f"?next={reverse('tie_list')}")
    assert answer["Location"] == reverse("tie_list")
    assert web.get(other_member.get_absolute_url()).status_code == 200
    assert web.get(reverse("member_follow", args=[other_member.handle])).status_code == 405


def test_the_list_is_for_its_owner_and_costs_the_same_for_many(web, member, other_member, client_as):
    mute_member(other_member, by=member)
    web.get(reverse("tie_list"))
    with CaptureQueriesContext(connection) as few:
        web.get(reverse("tie_list"))
    for _number in range(20):
        follow_member(make_member(), by=member)
    with CaptureQueriesContext(connection) as many:
        web.get(reverse("tie_list"))
    assert len(few) == len(many)
    page = client_as(other_member).get(reverse("tie_list")).content.decode()
    assert member.display_name not in page, "who is muted learns nothing"
