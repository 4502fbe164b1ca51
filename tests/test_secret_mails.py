"""The planted secrets, looked for in every notice, mail at once and digest of everybody who may not see them."""

from datetime import timedelta

import pytest
from django.core import mail as sent_mail
from django.utils import timezone

from community.core.mail import send_mail
from community.core.models import Delivery, Mail, Notice, NoticePreference, NoticeReason
from discussions.actions.digest import claim_digests, plan_digests
from discussions.models import Follow, FollowLevel, FollowReason, visible_space_ids
from members.models import Member
from tests.factories import dispatch_activity, make_post
from tests.world import CLOSED, OPEN_TO, ROLES, WHERE_IN_A_ROOM, make_world, secret, secrets_hidden_from

pytestmark = pytest.mark.django_db


@pytest.fixture
def settings_of_mail(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.INBOUND_ADDRESS = "reply@community.example"


def follow_everything(world) -> None:
    """As if each of the cast had been everywhere before: follows outlive rights, and everything comes at once."""
    for member in world.cast.values():
        NoticePreference.objects.create(
            member=member,
            choices=dict.fromkeys(NoticeReason.values, Delivery.AT_ONCE.value),
            digest_hour=timezone.now().hour,
        )
        for room in world.rooms.values():
            for thing in ({"topic": room.topic}, {"topic": room.closed}, {"space": room.space}):
                Follow.objects.update_or_create(
                    member=member,
                    **thing,
                    defaults={
                        "level": FollowLevel.EVERYTHING,
                        "reason": FollowReason.CHOSEN,
                        "created_at": timezone.now(),
                    },
                )


def test_no_secret_is_told_or_mailed_to_who_may_not_see_it(settings_of_mail):
    world = make_world()
    follow_everything(world)
    Member.objects.update(joined_at=timezone.now() - timedelta(days=30))
    Member.objects.filter(pk=world.cast["deactivated"].pk).update(deactivated_at=timezone.now())
    assert world.writer is not None
    for name, room in world.rooms.items():
        make_post(topic=room.topic, by=world.writer, body=secret(name, "reply"))
    dispatch_activity()
    plan_digests()
    claim_digests()
    for mail_id in Mail.objects.due().order_by("pk").values_list("pk", flat=True):
        send_mail(mail_id)
    by_address = {f"zqmail{role}qz@example.org": role for role in ROLES}
    leaks, told = set(), set()
    for message in sent_mail.outbox:
        role = by_address.get(message.to[0])
        if role is None:
            continue
        own = f"zqmail{role}"
        text = " ".join(str(message.message()).split()).lower().replace("=\n", "")
        html = " ".join(str(part) for part, _kind in message.alternatives).lower()
        words = f"{text} {message.subject} {message.body} {html}".lower()
        told |= {
            (role, room) for room in world.rooms for where in WHERE_IN_A_ROOM if secret(room, where) in words
        }
        leaks |= {
            f"{role}: {hidden}" for hidden in secrets_hidden_from(role) if hidden in words and hidden != own
        }
        # Rule 3.13: what is said in messages leaves to nobody, not even to whom it is for.
        leaks |= {f"{role}: message" for said in ("", "answer", "group") if f"zqmessage{said}qz" in words}
        # Rule 3.14: not even to those who are in the room.
        leaks |= {
            f"{role}: confidential" for where in WHERE_IN_A_ROOM if secret("confidential", where) in words
        }
    assert leaks == set()
    # The search is not blind: who may see a room has been told of it.
    assert {("insider", room) for room in CLOSED if room != "confidential"} <= told
    assert ("expert", "experts") in told
    assert ("member", "open") in told
    for role, member in world.cast.items():
        fresh = Member.objects.with_current_roles().get(pk=member.pk)
        closed = {
            room.space.pk
            for name, room in world.rooms.items()
            if name in CLOSED and role not in OPEN_TO[name]
        }
        assert closed.isdisjoint(visible_space_ids(fresh))
        made = Notice.objects.filter(member=member, space_id__in=closed, target_type="post", weight__gt=0)
        # Those of the world itself, planted as if rights had been lost since; the subscribers added nothing.
        assert set(made.values_list("count", flat=True)) <= {1}


def test_the_control_a_resolver_that_lets_everybody_in_is_noticed(settings_of_mail, monkeypatch):
    world = make_world()
    follow_everything(world)
    monkeypatch.setattr(
        "discussions.models.space.presets_open_to", lambda _member: ["open", "private", "hidden"]
    )
    monkeypatch.setattr(
        "discussions.models.reader.presets_open_to", lambda _member: ["open", "private", "hidden"]
    )
    make_post(topic=world.rooms["private"].topic, by=world.writer, body=secret("private", "reply"))
    dispatch_activity()
    for mail_id in Mail.objects.due().values_list("pk", flat=True):
        send_mail(mail_id)
    assert any(
        secret("private", "reply") in message.body
        for message in sent_mail.outbox
        if message.to == ["zqmailmemberqz@example.org"]
    )
