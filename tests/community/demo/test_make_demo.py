"""The demo community: complete, believable in its order, the same on every machine, and only on one's own."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import F, Max, Min
from django.test import Client
from django.utils import timezone

from community.core.models import Activity, Mail, MailState, SearchEntry
from community.demo.build import PASSWORD, build_demo
from discussions.actions.maintenance import repair_counters
from discussions.models import (
    Collection,
    Follow,
    Poll,
    Post,
    PostRevision,
    ReadState,
    Resource,
    Space,
    SpacePreset,
    Topic,
    TopicKind,
)
from members.models import Application, Employment, Member, Organisation, OrganisationKind, Role, RoleName

pytestmark = pytest.mark.django_db


def fingerprint() -> list[tuple[object, ...]]:
    return list(
        Post.objects.order_by("topic__title", "topic__created_at", "number").values_list(
            "topic__title", "number", "author__handle", "source", "created_at", "thanks_count"
        )
    )


def test_the_demo_has_something_for_every_page_and_a_sign_in_for_every_role():
    out = io.StringIO()
    call_command("make_demo", stdout=out, stderr=io.StringIO())
    assert set(Space.objects.values_list("preset", flat=True)) == set(SpacePreset.values)
    assert set(Role.objects.values_list("role", flat=True)) == set(RoleName.values)
    assert Organisation.objects.exclude(kind=OrganisationKind.OWN).count() == 12
    assert set(Topic.objects.values_list("kind", flat=True)) == set(TopicKind.values)
    assert Topic.objects.filter(accepted_post__isnull=False).count() >= 10
    assert Topic.objects.filter(kind="question", accepted_post__isnull=True).count() >= 5
    assert Topic.objects.filter(post_count__gte=60).exists(), "one long thread"
    assert Topic.objects.filter(closed_at__isnull=False).exists()
    assert Topic.objects.filter(pinned_at__isnull=False).exists()
    assert Topic.objects.filter(post_count=1).exists(), "a topic nobody has answered yet"
    assert Post.objects.filter(thanks_count__gte=3).count() >= 10
    assert PostRevision.objects.exists()
    assert Follow.objects.count() > 100
    assert ReadState.objects.filter(last_read_number__lt=F("topic__last_number")).exists(), (
        "something is unread"
    )
    assert set(Poll.objects.values_list("secrecy", flat=True)) == {"sums", "anonymous"}
    assert Poll.objects.promised().count() == 1
    assert Poll.objects.exclude(outcome="").count() == 1
    assert Employment.objects.count() == Member.objects.admitted().count()
    assert {"draft", "submitted", "in_review", "more_asked", "waitlisted", "declined"} <= set(
        Application.objects.values_list("state", flat=True)
    )
    assert not Mail.objects.exclude(state=MailState.DROPPED).exists(), "nobody is mailed"
    assert SearchEntry.objects.filter(kind__in=["topic", "post"]).count() == Post.objects.count()
    assert Resource.objects.published().count() == 12
    assert Collection.objects.count() == 2

    lines = out.getvalue().splitlines()[1:]
    assert {line.split()[0] for line in lines} == set(RoleName.values)
    for line in lines:
        assert PASSWORD in line
        role, email = line.split()[:2]
        assert Client().login(email=email, password=PASSWORD), role


def test_the_history_is_120_days_and_in_order_and_the_same_every_time():
    now = timezone.now()
    with transaction.atomic():
        build_demo(now)
        first = fingerprint()
        transaction.set_rollback(True)
    build_demo(now)
    assert fingerprint() == first
    moments = Activity.objects.aggregate(oldest=Min("occurred_at"), newest=Max("occurred_at"))
    assert timedelta(days=119) < moments["newest"] - moments["oldest"] <= timedelta(days=121)
    assert moments["newest"] <= timezone.now()
    assert not Activity.objects.undispatched().exists(), "nothing is left for the worker"
    assert not Post.objects.filter(created_at__lt=F("reply_to__created_at")).exists()
    assert not Post.objects.filter(created_at__lt=F("author__joined_at")).exists()
    assert not any(repair_counters().values())


def test_make_demo_never_touches_a_community_that_has_members(member):
    with pytest.raises(CommandError, match="There are members already"):
        call_command("make_demo")
    call_command("make_demo", if_empty=True)
    assert Member.objects.count() == 1


def test_make_demo_is_refused_in_a_public_place(settings):
    settings.SITE_IS_HTTPS = True
    with pytest.raises(CommandError, match="public"):
        call_command("make_demo")
