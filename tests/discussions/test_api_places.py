"""The API of places and sessions: a topic goes round, and a session is settled, asked and answered."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import make_post, make_space, make_topic

pytestmark = pytest.mark.django_db


def send(client, address, body, method="post"):
    return getattr(client, method)(f"/api/v1/{address}", body, content_type="application/json")


def test_a_topic_is_pinned_moved_split_and_merged(client_as, moderator, member):
    space, other = make_space(), make_space()
    topic, apart = make_topic(space=space, by=member), make_topic(space=space, by=member)
    for _number in range(3):
        make_post(topic=topic, by=member)
    web, url = client_as(moderator), f"topics/{topic.pk}"
    until = (timezone.now() + timedelta(days=1)).isoformat()
    assert send(web, f"{url}/pin/", {"reason": "First", "until": until}).json()["pin_reason"] == "First"
    assert send(web, f"{url}/unpin/", {}).json()["pinned_at"] is None
    assert send(web, f"{url}/move/", {"space": other.pk}).json()["space"]["id"] == other.pk
    split = send(web, f"{url}/split/", {"numbers": [2], "title": "Apart"})
    assert (split.status_code, split.json()["post_count"]) == (201, 1)
    merged = send(web, f"topics/{apart.pk}/merge/", {"into": topic.pk})
    assert (merged.status_code, merged.json()["post_count"]) == (200, 4)


def test_a_session_is_settled_asked_supported_and_answered(client_as, moderator, other_member):
    space, now = make_space(), timezone.now()
    web, other = client_as(moderator), client_as(other_member)
    started = send(web, "topics/", {"space": space.pk, "kind": "session", "title": "Ask", "body": "Ask me."})
    topic_id = started.json()["id"]
    hours = {
        "opens_at": now.isoformat(),
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=1)).isoformat(),
        "hosts": [moderator.pk],
    }
    assert send(web, f"topics/{topic_id}/session/", hours, "put").status_code == 200
    shown = web.get(f"/api/v1/topics/{topic_id}/session/").json()
    assert [host["id"] for host in shown["hosts"]] == [moderator.pk]
    asked = send(web, f"topics/{topic_id}/questions/", {"body": "Why?"})
    assert asked.status_code == 201
    question = asked.json()["id"]
    assert web.get(f"/api/v1/topics/{topic_id}/questions/").json()["results"][0]["body"] == "Why?"
    assert send(web, f"questions/{question}/support/", {}).status_code == 403
    assert send(other, f"questions/{question}/support/", {}).json()["support_count"] == 1
    assert send(other, f"questions/{question}/unsupport/", {}).json()["support_count"] == 0
    assert send(web, f"questions/{question}/answer/", {"body": "Because."}).json()["answer"]


@pytest.mark.parametrize(
    "address",
    ["/topics/{}/", "/topics/{}/?page=1", "/topics/{}/session/", "/questions/{}/answer/", "/topics/{}/move/"],
)
def test_a_number_that_no_topic_has_is_not_there(client_as, moderator, address):
    for number in (2**31, 2**63, 10**30):
        assert client_as(moderator).get(address.format(number)).status_code == 404
