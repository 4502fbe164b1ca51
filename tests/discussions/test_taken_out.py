"""Words that a moderator takes out are readable nowhere: no earlier version, search, file or API has them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from community.core.models import Scope, SearchEntry
from community.core.text import Prose, SourceFormat
from community.core.tokens import create_token
from discussions.actions.attachment import remove_unclaimed_attachments
from discussions.actions.case import report_post
from discussions.actions.moderation import Terms, answer_case, rule_case, undo_ruling
from discussions.actions.post import edit_post
from discussions.actions.topic import edit_topic
from discussions.models import Attachment, ReportReason, RulingAct
from tests.discussions.test_attachments import text_file
from tests.factories import make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db

NUMBER = "Ring Zqann under 0123 456."
TIDY = "Ring the office."
HOUR = timedelta(hours=1)


def prose(text):
    return Prose(text, SourceFormat.MARKDOWN)


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path):
    own = settings.STORAGES["default"] | {"OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"default": own}


@pytest.fixture
def topic():
    return make_topic(space=make_space("Pricing"), by=make_member("Olga Opener"))


@pytest.fixture
def post(topic, other_member):
    """Changed by its author, an hour later, and still with the number in its first version and in its present one."""
    post = make_post(topic=topic, by=other_member, body=NUMBER)
    later = timezone.now() + HOUR
    return edit_post(post, by=other_member, prose=prose(f"{NUMBER} Or write."), version=1, at=later)


def edited(post, by):
    case = report_post(post, by=make_member(), reason=ReportReason.OTHER).case
    terms = Terms(words="No numbers of others.", prose=prose(TIDY))
    return rule_case(case, RulingAct.EDIT, by=by, version=None, terms=terms)


def everything_about(post, web, client, member):
    """What a member reads of it on the pages, over the API and in the search."""
    addresses = [
        post.topic.get_absolute_url(),
        reverse("post_history", args=[post.pk]),
        f"{reverse('search')}?q=0123",
        f"{reverse('search')}?q=ring",
    ]
    pages = "".join(web.get(address).content.decode() for address in addresses)
    secret = create_token(member, by=member, name="t", scope=Scope.READ).secret
    headers = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    paths = [f"posts/{post.pk}/", f"topics/{post.topic_id}/posts/", "search/?q=0123"]
    return pages + "".join(client.get(f"/api/v1/{path}", **headers).content.decode() for path in paths)


def test_edited_by_a_moderator_no_earlier_version_keeps_it(post, member, moderator, client_as, client):
    web = client_as(member)
    assert "Zqann" in web.get(reverse("post_history", args=[post.pk])).content.decode()
    edited(post, moderator)
    assert "Zqann" not in everything_about(post, web, client, member)
    assert "Zqann" not in everything_about(post, client_as(post.author), client, post.author)
    assert not SearchEntry.objects.filter(text__contains="Zqann").exists()


def test_what_its_author_hid_in_an_edit_before_it_was_decided_goes_too(
    post, member, moderator, client_as, client
):
    edit_post(post, by=post.author, prose=prose("Nothing to see."), version=post.version)
    edited(post, moderator)
    assert "Zqann" not in everything_about(post, client_as(member), client, member)


def test_undone_all_of_it_is_there_again(post, member, moderator, client_as):
    before = list(post.revisions.order_by("version").values())
    case = edited(post, moderator)
    undo_ruling(case, by=moderator, version=None)
    after = list(post.revisions.order_by("version").values())
    for row in (*before, *after):
        del row["id"]
    assert after == before
    page = client_as(member).get(reverse("post_history", args=[post.pk])).content.decode()
    assert "Zqann" in page


def test_returned_and_written_anew_no_earlier_version_keeps_it(post, member, moderator, client_as, client):
    case = report_post(post, by=make_member(), reason=ReportReason.OTHER).case
    case = rule_case(case, RulingAct.RETURN, by=moderator, version=None, terms=Terms(words="No numbers."))
    case = answer_case(case, by=post.author, prose=prose(TIDY), version=case.version)
    case = rule_case(case, RulingAct.KEEP, by=moderator, version=None)
    text = everything_about(post, client_as(member), client, member)
    assert TIDY in text
    assert "Zqann" not in text
    returned = case.rulings.get(act=RulingAct.RETURN)
    assert [row["source"] for row in returned.data["revisions"]] == [NUMBER]


def test_a_title_of_before_goes_with_the_first_post(topic, member, moderator, client_as):
    edit_topic(topic, by=topic.author, title="Ann Smith owes us", tags=())
    edit_topic(topic, by=topic.author, title="Debts", tags=())
    first = topic.posts.get(number=1)
    edited(first, moderator)
    assert "Ann Smith" not in client_as(member).get(reverse("post_history", args=[first.pk])).content.decode()


def test_a_later_edit_of_its_author_is_in_the_history_and_nothing_before_it(
    post, member, moderator, client_as
):
    edited(post, moderator)
    post.refresh_from_db()
    later = timezone.now() + 2 * HOUR
    edit_post(post, by=post.author, prose=prose("Ring the desk."), version=post.version, at=later)
    page = client_as(member).get(reverse("post_history", args=[post.pk])).content.decode()
    assert "desk" in page
    assert "Zqann" not in page


def test_a_file_that_was_taken_out_is_its_authors_alone_and_waits_for_undo(
    topic, other_member, member, moderator, client_as, time_machine
):
    kept, taken = text_file(other_member, "kept.txt"), text_file(other_member, "taken.txt")
    body = f"[a]({kept.get_absolute_url()}) [b]({taken.get_absolute_url()})"
    post = make_post(topic=topic, by=other_member, body=body)
    case = report_post(post, by=make_member(), reason=ReportReason.OTHER).case
    terms = Terms(words="Not this file.", prose=prose(f"[a]({kept.get_absolute_url()})"))
    case = rule_case(case, RulingAct.EDIT, by=moderator, version=None, terms=terms)
    web = client_as(member)
    assert web.get(taken.get_absolute_url()).status_code == 404
    assert web.get(kept.get_absolute_url()).status_code == 200
    time_machine.move_to(timezone.now() + timedelta(hours=30))
    assert remove_unclaimed_attachments() == 0
    undo_ruling(case, by=moderator, version=None)
    assert Attachment.objects.get(pk=taken.pk).post == post
    assert web.get(taken.get_absolute_url()).status_code == 200


def test_a_file_that_was_taken_out_is_gone_when_nothing_can_be_undone(
    topic, other_member, moderator, time_machine
):
    taken = text_file(other_member)
    post = make_post(topic=topic, by=other_member, body=f"[b]({taken.get_absolute_url()})")
    edited(post, moderator)
    time_machine.move_to(timezone.now() + timedelta(days=31))
    assert remove_unclaimed_attachments() == 1
    assert not Attachment.objects.exists()
