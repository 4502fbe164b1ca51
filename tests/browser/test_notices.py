"""Notices on a phone and on a desk: the inbox, the choices, and a mail that is stopped and thanked from."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from community.core.mail_links import act_url, stop_url
from community.core.models import NoticePreference, NoticeReason
from community.core.notices import notify
from discussions.models import Post
from tests.browser.test_look import LOOKS, complaints, overflow
from tests.factories import dispatch_activity, make_member, make_post, make_topic

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def told(member):
    """Some notices, one of them with words that fit nowhere."""
    topic = make_topic(by=member, title="How do you price pilots?")
    for number in range(3):
        make_post(topic=topic, by=make_member(f"Ann Author {number}"))
    dispatch_activity()
    hostile = ("Wortungetüm" * 17, "مرحبا بكم في المجتمع", "<img src=x onerror=alert(1)>")
    for number, title in enumerate(hostile):
        notify(
            [member.pk], reason=NoticeReason.SPACE, key=f"k:{number}", title=title, url="/spaces/",
            target=member, at=timezone.now(),
        )  # fmt: skip
    return topic


@pytest.mark.parametrize("look", LOOKS)
def test_the_pages_are_readable_by_everybody(page_as, member, told, look):
    page = page_as(member, **LOOKS[look])
    found = {}
    places = {
        "inbox": "/notices/",
        "unread": "/notices/?show=unread",
        "choices": "/me/notices/",
        "stop": "/" + stop_url(member.pk, "reason", "replied").split("/", 3)[3],
        "act": "/" + act_url(member.pk, "useful", "digest:1").split("/", 3)[3],
    }
    for name, path in places.items():
        page.goto(path)
        found[name] = complaints(page) + ([f"{overflow(page)} px too wide"] if overflow(page) > 0 else [])
    assert {where: what for where, what in found.items() if what} == {}


def test_an_empty_inbox_is_readable_too(page_as, member):
    page = page_as(member, **LOOKS["narrow dark"])
    page.goto("/notices/")
    assert complaints(page) == []
    assert overflow(page) <= 0


def test_from_the_bell_to_the_first_unread_and_the_bell_is_quiet(page_as, member, told):
    page = page_as(member, **LOOKS["narrow light"])
    page.goto("/")
    bell = page.locator(".bottom-bar a", has_text="Notices")
    expect(bell.locator(".dot")).to_contain_text("4")
    bell.click()
    page.get_by_role("link", name="How do you price pilots?").click()
    assert page.url.endswith("#post-2")
    page.goto("/notices/?show=unread")
    expect(page.locator(".bottom-bar .dot")).to_contain_text("3")
    page.get_by_role("button", name="Put all aside").click()
    expect(page.get_by_text("Nothing waits for you")).to_be_hidden()
    expect(page.locator(".bottom-bar .dot")).to_have_count(0)


def test_stopping_and_thanking_from_a_mail_need_no_sign_in(page_as, member, told):
    post = Post.objects.get(topic=told, number=2)
    page = page_as(None)
    page.goto("/" + act_url(member.pk, "thanks", str(post.pk)).split("/", 3)[3])
    page.get_by_role("button", name="Say thanks for this post").click()
    expect(page.get_by_text("Your thanks are passed on.")).to_be_visible()
    page.goto("/" + stop_url(member.pk, "digest", "all").split("/", 3)[3])
    page.get_by_role("button", name="Stop it").click()
    expect(page.get_by_text("You get no more digests.")).to_be_visible()
    assert NoticePreference.objects.get(member=member).digest == "off"
