"""A request that comes twice is one effect, whatever happens in between."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from community.core.errors import Conflict, Invalid
from community.core.idempotency import KEPT, claim, forget_idempotency_keys
from community.core.models import IdempotencyKey
from community.core.text import Prose, SourceFormat
from discussions.actions.post import create_post
from discussions.models import Post
from tests.factories import make_member, make_space, make_topic

KEY = "a-key-of-my-own"
PROSE = Prose("Once and only once.", SourceFormat.MARKDOWN)


def claimed(member, *, key=KEY, action="act", **request):
    with transaction.atomic():
        return claim(key, by=member, action=action, request=request)


@pytest.mark.django_db
def test_the_first_claim_is_new_and_the_second_finds_its_effect(member):
    first = claimed(member, topic=1)
    assert first.target_id is None
    first.settle(42)
    assert claimed(member, topic=1).target_id == 42


@pytest.mark.django_db
@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_every_request_is_new(member, key):
    for _round in range(2):
        claim(key, by=member, action="act", request={}).settle(1)
    assert not IdempotencyKey.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["short", "x" * 65, "with space", "with\nline", "umlaut-ü-12", "\x00" * 8])
def test_a_malformed_key_is_refused(member, key):
    with pytest.raises(Invalid):
        claimed(member, key=key)


@pytest.mark.django_db
def test_a_key_belongs_to_one_member_one_action_and_one_request(member, other_member):
    claimed(member, topic=1).settle(42)
    assert claimed(other_member, topic=1).target_id is None
    with pytest.raises(Conflict):
        claimed(member, topic=2)
    with pytest.raises(Conflict):
        claimed(member, action="another", topic=1)


@pytest.mark.django_db
def test_half_a_surrogate_in_a_request_is_no_error(member):
    assert claimed(member, source="\ud800").target_id is None


@pytest.mark.django_db(transaction=True)
def test_a_claim_outside_a_transaction_is_refused():
    with pytest.raises(transaction.TransactionManagementError):
        claim(KEY, by=make_member(), action="act", request={})


@pytest.mark.django_db(transaction=True)
def test_a_failed_first_request_leaves_the_key_free():
    member = make_member()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        claim(KEY, by=member, action="act", request={})
        raise ZeroDivisionError
    assert claimed(member).target_id is None


@pytest.mark.django_db(transaction=True)
def test_twenty_requests_with_one_key_at_once_make_one_post():
    member, space = make_member(), make_space()
    topic = make_topic(space=space)
    barrier = threading.Barrier(20)
    made, faults = [], []

    def send() -> None:
        try:
            barrier.wait(20)
            made.append(create_post(topic, by=member, prose=PROSE, idempotency_key=KEY).pk)
        except Exception as fault:  # noqa: BLE001 - whatever it was, the test shows it
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    assert len(made) == 20
    assert len(set(made)) == 1
    assert Post.objects.filter(topic=topic).count() == 2
    topic.refresh_from_db()
    assert (topic.highest_number, topic.post_count) == (2, 2)


@pytest.mark.django_db
def test_old_keys_are_forgotten_and_young_ones_kept(member):
    claimed(member)
    claimed(member, key="another-key")
    IdempotencyKey.objects.filter(key=KEY).update(created_at=timezone.now() - KEPT - timedelta(minutes=1))
    assert forget_idempotency_keys() == 1
    assert IdempotencyKey.objects.get().key == "another-key"
