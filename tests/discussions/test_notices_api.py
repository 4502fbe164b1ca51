"""Notices and preferences through the API: the member's own, of spaces open to them now."""

from datetime import timedelta

import pytest
from django.utils import timezone

from community.core.models import Notice, NoticePreference, NoticeReason
from community.core.notices import notify
from tests.factories import make_space

pytestmark = pytest.mark.django_db


def tell(member, number=1, *, space_id=None):
    notify(
        [member.pk],
        reason=NoticeReason.MENTIONED,
        key=f"k:{number}",
        title=f"Number {number}",
        url="/somewhere/",
        target=member,
        at=timezone.now() - timedelta(minutes=number),
        space_id=space_id,
    )
    return Notice.objects.get(member=member, key=f"k:{number}")


def send(client, method, address, body=None):
    return getattr(client, method)(address, body if body is not None else {}, content_type="application/json")


def test_the_list_is_one_s_own_newest_first_page_by_page(web, member, other_member):
    for number in range(3):
        tell(member, number)
    tell(other_member)
    tell(member, 9, space_id=make_space(preset="private").pk)
    page = web.get("/api/v1/notices/?limit=2").json()
    assert [row["title"] for row in page["results"]] == ["Number 0", "Number 1"]
    row = page["results"][0]
    assert (row["reason"], row["count"], row["actor"], row["read_at"]) == ("mentioned", 1, None, None)
    assert row["url"] == "http://testserver/somewhere/"
    assert [row["title"] for row in web.get(page["next"]).json()["results"]] == ["Number 2"]


def test_one_is_put_aside_and_then_all(web, member, other_member):
    first, second = tell(member, 1), tell(member, 2)
    assert send(web, "post", f"/api/v1/notices/{first.pk}/read/").json()["read_at"] is not None
    assert [row["id"] for row in web.get("/api/v1/notices/?unread=true").json()["results"]] == [second.pk]
    assert send(web, "post", "/api/v1/notices/read/").status_code == 204
    assert web.get("/api/v1/notices/?unread=true").json()["results"] == []
    assert send(web, "post", f"/api/v1/notices/{tell(other_member).pk}/read/").status_code == 404


def test_preferences_are_read_and_changed_in_part(web, member):
    before = web.get("/api/v1/notice-preferences/").json()
    assert (before["digest"], before["kinds"]["mentioned"], before["kinds"]["tag"]) == (
        "daily",
        "at_once",
        "digest",
    )
    after = send(
        web, "patch", "/api/v1/notice-preferences/", {"digest": "weekly", "kinds": {"mentioned": "off"}}
    )
    assert after.status_code == 200
    stored = NoticePreference.objects.get(member=member)
    assert (stored.digest, stored.digest_hour, stored.delivery("mentioned")) == ("weekly", 7, "off")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"work_from": 18, "work_until": 9}, 409),
        ({"kinds": {"mentioned": "sometimes"}}, 400),
        ({"kinds": {"nonsense": "off"}}, 400),
        ({"digest_hour": 24}, 400),
        ({"unknown": 1}, 400),
    ],
)
def test_what_cannot_be_is_refused(web, body, status):
    assert send(web, "patch", "/api/v1/notice-preferences/", body).status_code == status
    assert not NoticePreference.objects.exists()
