"""The inbox, the number in the frame, and the page on which members say how they want to hear."""

from datetime import timedelta

import pytest
from django.utils import timezone

from community.core.errors import Invalid, Refused
from community.core.models import (
    Activity,
    AddressFault,
    Delivery,
    DigestRate,
    Notice,
    NoticePreference,
    NoticeReason,
)
from community.core.notices import PreferenceChange, edit_preferences, next_open_moment, notify
from discussions.models import Topic
from tests.factories import dispatch_activity, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db


def tell(member, title="Pilots", *, key="k:1", reason=NoticeReason.MENTIONED, space_id=None, at=None):
    notify(
        [member.pk],
        reason=reason,
        key=key,
        title=title,
        url="/somewhere/",
        target=member,
        at=at or timezone.now(),
        space_id=space_id,
    )
    return Notice.objects.get(member=member, key=key, read_at=None)


def page(client, address="/notices/"):
    return client.get(address).content.decode()


def test_an_empty_inbox_says_what_belongs_here(web):
    text = page(web)
    assert "Nobody has told you of anything yet" in text
    assert "Look around" in text


def test_a_row_says_what_and_why_and_leads_there(web, member):
    tell(member)
    text = page(web)
    assert '<a href="/somewhere/"' in text
    assert "because you were mentioned" in text
    assert "not read" in text


def test_the_frame_counts_what_waits_and_reading_the_topic_takes_it_away(web, member, other_member):
    topic = make_topic(by=member)
    make_post(topic=topic, by=other_member)
    dispatch_activity()
    assert '<span class="dot">1<' in page(web, "/spaces/")
    assert '<span class="dot">' not in page(web, topic.get_absolute_url())
    assert '<span class="dot">' not in page(web, "/spaces/")


def test_a_notice_of_what_was_read_before_is_read_by_a_visit_too(web, member, other_member):
    topic = make_topic(by=member)
    page(web, topic.get_absolute_url())
    tell(member, key=f"topic:{topic.pk}", reason=NoticeReason.ANSWERED)
    page(web, topic.get_absolute_url())
    assert not Notice.objects.unread().filter(member=member).exists()


def test_one_is_put_aside_and_then_all_that_stood_there(web, member):
    first, second = tell(member, "One", key="k:1"), tell(member, "Two", key="k:2")
    assert web.post(f"/notices/{first.pk}/read/").status_code == 302
    assert [notice.pk for notice in Notice.objects.unread()] == [second.pk]
    loaded = timezone.now()
    tell(member, "Three", key="k:3", at=loaded + timedelta(seconds=1))
    web.post("/notices/read/", {"until": loaded.isoformat()})
    assert [notice.title for notice in Notice.objects.unread()] == ["Three"]
    web.post("/notices/read/", {"until": "nonsense"})
    assert not Notice.objects.unread().exists()


def test_somebody_else_s_is_not_there(web, other_member):
    assert web.post(f"/notices/{tell(other_member).pk}/read/").status_code == 404
    assert Notice.objects.unread().exists()


def test_what_is_closed_to_the_reader_is_not_shown_and_not_counted(web, member):
    space = make_space(preset="private")
    tell(member, "Secret title", space_id=space.pk)
    text = page(web)
    assert "Secret title" not in text
    assert '<span class="dot">' not in text


def test_a_topic_that_moved_to_a_closed_space_is_not_named(web, member):
    topic = make_topic(by=member, title="Moved away")
    tell(member, "Moved away", key=f"topic:{topic.pk}", space_id=topic.space_id)
    Topic.objects.filter(pk=topic.pk).update(space=make_space(preset="private"))
    assert "Moved away" not in page(web)


def test_older_ones_are_on_the_next_page(web, member):
    now = timezone.now()
    for number in range(33):
        tell(member, f"Number {number:02}", key=f"k:{number}", at=now - timedelta(minutes=number))
    text = page(web)
    assert "Number 29" in text
    assert "Number 30" not in text
    older = text.split('class="pagination"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    assert "Number 32" in page(web, f"/notices/{older}")


def test_only_what_is_not_read(web, member):
    first = tell(member, "One", key="k:1")
    tell(member, "Two", key="k:2")
    web.post(f"/notices/{first.pk}/read/")
    text = page(web, "/notices/?show=unread")
    assert "Two" in text
    assert ">One<" not in text


# --- preferences ---

FORM = {
    "digest": "weekly",
    "digest_weekday": "3",
    "digest_hour": "18",
    "work_days": ["1", "2"],
    "work_from": "9",
    "work_until": "17",
    "quiet_until": "",
} | {f"kind_{reason}": "digest" for reason in NoticeReason.values}


def test_the_page_is_saved_whole_and_activity_names_what_changed(web, member):
    assert web.post("/me/notices/", FORM).status_code == 302
    stored = NoticePreference.objects.get(member=member)
    assert (stored.digest, stored.digest_weekday, stored.digest_hour) == ("weekly", 3, 18)
    assert (stored.work_days, stored.work_from, stored.work_until) == ([1, 2], 9, 17)
    assert stored.delivery("mentioned") == Delivery.DIGEST
    recorded = Activity.objects.get(verb="notice_preference.edited")
    assert recorded.counterpart_id == member.pk
    assert {"digest", "mentioned"} <= set(recorded.data["fields"])
    web.post("/me/notices/", FORM)
    assert Activity.objects.filter(verb="notice_preference.edited").count() == 1


def test_hours_that_cannot_be_are_refused_and_nothing_typed_is_lost(web, member):
    answer = web.post("/me/notices/", FORM | {"work_from": "17", "work_until": "9"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Working hours end after they begin." in text
    assert '<option value="weekly" selected>' in text
    assert not NoticePreference.objects.exists()


def test_nobody_chooses_for_others(member, other_member):
    change = PreferenceChange(DigestRate.DAILY, 7, 1, [], 8, 18, None)
    with pytest.raises(Refused):
        edit_preferences(member, change, by=other_member)
    with pytest.raises(Invalid):
        edit_preferences(member, PreferenceChange(DigestRate.DAILY, 24, 1, [], 8, 18, None), by=member)


def test_mail_that_came_back_is_said_and_can_be_taken_back(web, member):
    AddressFault.objects.create(
        address=member.email, member=member, reason="unknown", stopped_at=timezone.now()
    )
    assert "comes back, so none is sent" in page(web, "/me/notices/")
    web.post("/me/notices/address-works/")
    assert "comes back, so none is sent" not in page(web, "/me/notices/")


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-05-04T09:30", "2026-05-04T09:30"),  # Monday, within
        ("2026-05-04T06:30", "2026-05-04T07:00"),  # before nine in Oslo
        ("2026-05-04T15:00", "2026-05-05T07:00"),  # after five in Oslo
        ("2026-05-05T20:00", "2026-05-11T07:00"),  # Tuesday evening: the next Monday
        ("2026-05-09T12:00", "2026-05-11T07:00"),  # Saturday
    ],
)
def test_mail_at_once_waits_for_working_hours(now, opens):
    preference = NoticePreference(member_id=1, work_days=[1, 2], work_from=9, work_until=17)
    assert next_open_moment(preference, "Europe/Oslo", moment(now)) == moment(opens)


def moment(text):
    return timezone.datetime.fromisoformat(f"{text}:00+00:00")


def test_do_not_disturb_comes_first():
    preference = NoticePreference(member_id=1, quiet_until=moment("2026-05-07T10:00"))
    assert next_open_moment(preference, "UTC", moment("2026-05-04T09:30")) == moment("2026-05-07T10:00")
    assert next_open_moment(preference, "UTC", moment("2026-05-08T09:30")) == moment("2026-05-08T09:30")
