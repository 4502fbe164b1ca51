"""Messages that are changed and deleted by who wrote them, and their files in the search of those who take part."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from community.core.activity import dispatch
from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, Audience, Notice, SearchEntry
from community.core.text import Prose, SourceFormat
from community.core.verbs import Verb
from discussions import subscribers  # noqa: F401 - what the worker loads too
from discussions.actions.attachment import attach_file
from discussions.actions.file_text import read_files
from discussions.actions.message import (
    add_participant,
    delete_message,
    edit_message,
    forget_deleted_messages,
    leave_conversation,
    report_message,
    restore_message,
    send_message,
    start_conversation,
)
from discussions.models import Attachment, Draft, Message, ReportReason
from discussions.permissions import IN_BIN_FOR, MESSAGE_EDITABLE_FOR
from discussions.queries.messages import conversation_page, conversation_rows, found_messages
from members.actions.tie import block_member
from members.models import Member
from tests.discussions.test_pdf_words import pdf
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def prose(words: str = "Hello there.") -> Prose:
    return Prose(words, SourceFormat.MARKDOWN)


@pytest.fixture
def ann():
    return make_member("Ann Archer", at=timezone.now() - timedelta(days=90))


@pytest.fixture
def ben():
    return make_member("Ben Baker", at=timezone.now() - timedelta(days=90))


@pytest.fixture
def message(ann, ben):
    return start_conversation([ben], by=ann, prose=prose("The first words."))


def sent_ago(message: Message, ago: timedelta) -> Message:
    Message.objects.filter(pk=message.pk).update(created_at=timezone.now() - ago)
    message.refresh_from_db()
    return message


def html_of(client, message: Message) -> str:
    return client.get(message.conversation.get_absolute_url()).content.decode()


# --- changing ---


def test_a_change_inside_five_minutes_is_silent(message, ann, ben):
    edit_message(message, by=ann, prose=prose("Other words."), version=1)
    message.refresh_from_db()
    assert (message.source, message.version, message.edited_at) == ("Other words.", 2, None)
    assert [row.url for row in found_messages(ben, "other words")] == [message.get_absolute_url()]
    assert found_messages(ben, "first words") == []
    row = Activity.objects.get(verb=Verb.MESSAGE_EDITED)
    assert (row.audience, row.counterpart_id, row.target_title) == (Audience.MEMBER, None, "Message")
    assert "words" not in str(row.data)


def test_a_later_change_is_seen(client_as, message, ann, ben):
    sent_ago(message, timedelta(minutes=7))
    edit_message(message, by=ann, prose=prose("Other words."), version=1)
    assert "Changed just now" in html_of(client_as(ben), message)


def test_nothing_is_changed_after_a_quarter_of_an_hour(client_as, message, ann):
    client = client_as(ann)
    assert reverse("message_edit", args=[message.pk]) in html_of(client, message)
    sent_ago(message, MESSAGE_EDITABLE_FOR + timedelta(seconds=1))
    with pytest.raises(Refused, match="15 minutes"):
        edit_message(message, by=ann, prose=prose("Late."), version=1)
    assert reverse("message_edit", args=[message.pk]) not in html_of(client, message)
    assert client.get(reverse("message_edit", args=[message.pk])).status_code == 403


def test_nobody_changes_or_deletes_what_somebody_else_wrote(message, ben):
    staff = make_member(role="administrator")
    for member in (ben, staff):
        with pytest.raises(Refused):
            edit_message(message, by=member, prose=prose("Mine."), version=1)
        with pytest.raises(Refused):
            delete_message(message, by=member)
        with pytest.raises(Refused):
            restore_message(message, by=member)


def test_whoever_cannot_be_reached_is_not_reached_by_a_change(message, ann, ben):
    block_member(ann, by=ben)
    with pytest.raises(Refused, match="cannot be reached"):
        edit_message(message, by=ann, prose=prose("And another thing."), version=1)
    delete_message(message, by=ann)


def test_who_has_left_changes_nothing(ann, ben):
    message = start_conversation([ben, make_member()], by=ann, prose=prose())
    leave_conversation(message.conversation, by=ann)
    for act in (delete_message, restore_message):
        with pytest.raises(Refused, match="not open"):
            act(message, by=ann)


def test_two_windows_do_not_overwrite_each_other(client_as, message, ann):
    client, url = client_as(ann), reverse("message_edit", args=[message.pk])
    assert client.post(url, {"body": "From here.", "version": "1"}).status_code == 302
    with pytest.raises(Conflict):
        edit_message(message, by=ann, prose=prose("From there."), version=1)
    second = client.post(url, {"body": "From there.", "version": "1"})
    assert second.status_code == 409
    text = second.content.decode()
    assert "From there." in text
    assert 'name="version" value="2"' in text
    assert client.post(url, {"body": "From there.", "version": "2"}).status_code == 302
    message.refresh_from_db()
    assert (message.source, message.version) == ("From there.", 3)


def test_a_change_without_words_is_refused_and_the_same_words_change_nothing(client_as, message, ann):
    with pytest.raises(Invalid):
        edit_message(message, by=ann, prose=prose(" "), version=1)
    edit_message(message, by=ann, prose=prose("The first words."), version=1)
    message.refresh_from_db()
    assert message.version == 1
    url = reverse("message_edit", args=[message.pk])
    assert client_as(ann).post(url, {"body": " ", "version": "1"}).status_code == 422


def test_a_change_keeps_a_draft_until_it_is_saved(client_as, message, ann):
    client, url = client_as(ann), reverse("message_edit", args=[message.pk])
    key = f"rewrite:{message.pk}"
    Draft.objects.create(
        member=ann,
        key=key,
        words={"body": "Half a sen", "version": "1"},
        sequence=1,
        updated_at=timezone.now(),
    )
    assert "Half a sen" in client.get(url).content.decode()
    assert url in client.get(reverse("draft_list")).content.decode()
    client.post(url, {"body": "A sentence.", "version": "1", "draft_sequence": "1"})
    assert not Draft.objects.exists()


# --- deleting ---


def test_a_deleted_message_leaves_its_number(client_as, message, ann, ben):
    assert client_as(ann).post(reverse("message_delete", args=[message.pk])).status_code == 302
    for reader, note in ((ann, "You deleted this message."), (ben, "Ann Archer deleted this message.")):
        text = html_of(client_as(reader), message)
        assert "first words" not in text
        assert note in text
        assert found_messages(reader, "first") == []
    assert send_message(message.conversation, by=ben, prose=prose("Yes.")).number == 2
    row = Activity.objects.get(verb=Verb.MESSAGE_DELETED)
    assert (row.audience, row.data) == (Audience.MEMBER, {})


def test_it_is_brought_back_by_who_wrote_it(client_as, message, ann, ben):
    delete_message(message, by=ann)
    url = reverse("message_restore", args=[message.pk])
    assert url in html_of(client_as(ann), message)
    assert url not in html_of(client_as(ben), message)
    assert client_as(ben).post(url).status_code == 403
    assert client_as(ann).post(url).status_code == 302
    assert client_as(ann).post(url).status_code == 409
    assert "first words" in html_of(client_as(ben), message)


def test_its_address_leads_to_the_gap_and_the_list_shows_nothing_of_it(client_as, message, ann, ben):
    dispatch(list(Activity.objects.undispatched().values_list("id", flat=True)))
    notice = Notice.objects.get(member=ben)
    delete_message(message, by=ann)
    assert client_as(ben).get(notice.url)["Location"].endswith("#message-1")
    (rows, _key) = conversation_rows(ben, tab="requests")
    assert rows[0].excerpt == ""


def test_nobody_is_told_of_what_is_deleted_already(message, ann, ben):
    delete_message(message, by=ann)
    dispatch(list(Activity.objects.undispatched().values_list("id", flat=True)))
    assert not Notice.objects.filter(member=ben).exists()


def test_what_was_received_can_be_reported_for_as_long_as_there_are_words(client_as, message, ann, ben):
    delete_message(message, by=ann)
    url = reverse("message_report", args=[message.pk])
    assert url in html_of(client_as(ben), message)
    Message.objects.update(deleted_at=timezone.now() - IN_BIN_FOR - timedelta(minutes=1))
    assert url not in html_of(client_as(ben), message)
    with pytest.raises(Refused, match="a month ago"):
        report_message(message_of(message), by=ben, reason=ReportReason.ABUSE)
    Message.objects.update(deleted_at=timezone.now())
    report = report_message(message_of(message), by=ben, reason=ReportReason.ABUSE)
    assert [one["text"] for one in report.context] == ["The first words."]


def message_of(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def test_a_report_of_another_message_holds_nothing_that_was_deleted(ann, ben):
    group = start_conversation([ben, make_member()], by=ann, prose=prose("Gone.")).conversation
    send_message(group, by=ben, prose=prose("Yes."))
    second = send_message(group, by=ann, prose=prose("Second."))
    delete_message(Message.objects.get(conversation=group, number=1), by=ann)
    report = report_message(second, by=ben, reason=ReportReason.OTHER)
    assert [one["text"] for one in report.context] == ["Yes.", "Second."]


def test_words_and_files_go_after_thirty_days(message, ann, ben):
    file = attach_file(SimpleUploadedFile("terms.txt", b"kingfisher"), by=ann)
    edit_message(message, by=ann, prose=prose(f"[terms]({file.get_absolute_url()})"), version=1)
    delete_message(message, by=ann)
    assert forget_deleted_messages() == 0
    Message.objects.update(deleted_at=timezone.now() - IN_BIN_FOR - timedelta(minutes=1))
    assert (forget_deleted_messages(), forget_deleted_messages()) == (1, 0)
    message.refresh_from_db()
    assert (message.source, message.html, message.vector) == ("", "", "")
    assert not Attachment.objects.exists()
    with pytest.raises(Refused, match="30 days"):
        restore_message(message, by=ann)
    page = conversation_page(message.conversation, ann)
    assert (page.messages[0].deleted_note, page.messages[0].restore_url) == ("You deleted this message.", "")


# --- files in the search ---


def with_file(ann: Member, ben: Member, name: str, content: bytes, words: str = "See") -> Message:
    file = attach_file(SimpleUploadedFile(name, content), by=ann)
    return start_conversation([ben], by=ann, prose=prose(f"{words} [it]({file.get_absolute_url()})"))


def test_who_takes_part_finds_a_message_by_its_file(client_as, ann, ben):
    message = with_file(ann, ben, "terms.pdf", pdf("The kingfisher clause."))
    assert found_messages(ben, "kingfisher") == []
    assert (read_files(), read_files()) == (1, 0)
    for reader in (ann, ben):
        (row,) = found_messages(reader, "kingfisher clause")
        assert (row.url, row.files) == (message.get_absolute_url(), "terms.pdf")
        assert found_messages(reader, "terms.pdf")
        assert found_messages(reader, "see")
        for page, words in (("search", "kind:message kingfisher"), ("conversation_list", "kingfisher")):
            text = client_as(reader).get(reverse(page), {"q": words}).content.decode()
            assert "With terms.pdf" in text


@pytest.mark.parametrize("role", ["member", "moderator", "manager", "administrator"])
def test_nobody_else_does(client_as, ann, ben, role):
    with_file(ann, ben, "terms.pdf", pdf("The kingfisher clause."))
    read_files()
    client = client_as(make_member(role=role))
    for page, words in (
        ("search", "kingfisher"),
        ("search", "kind:file terms"),
        ("conversation_list", "terms"),
    ):
        text = client.get(reverse(page), {"q": words}).content.decode()
        assert "terms.pdf" not in text
    assert not SearchEntry.objects.filter(target_type="attachment").exists()


def test_who_comes_later_does_not_find_what_was_before(ann, ben):
    file = attach_file(SimpleUploadedFile("terms.txt", b"kingfisher"), by=ann)
    group = start_conversation(
        [ben, make_member()], by=ann, prose=prose(f"[a]({file.get_absolute_url()})")
    ).conversation
    later = make_member()
    add_participant(group, later, by=ann)
    read_files()
    assert len(found_messages(ben, "kingfisher")) == 1
    assert found_messages(later, "kingfisher") == []
    leave_conversation(group, by=ann)
    assert found_messages(ann, "kingfisher") == []


def test_a_change_and_a_deletion_keep_the_words_of_files_right(ann, ben):
    message = with_file(ann, ben, "terms.txt", b"kingfisher")
    read_files()
    edit_message(message, by=ann, prose=prose("Other words."), version=1)
    assert read_files() == 1
    assert len(found_messages(ben, "kingfisher other")) == 1
    delete_message(message, by=ann)
    assert found_messages(ben, "kingfisher") == []
    restore_message(message, by=ann)
    assert len(found_messages(ben, "kingfisher")) == 1


def test_a_damaged_file_is_found_by_its_name_and_not_tried_again(ann, ben):
    with_file(ann, ben, "kingfisher.pdf", b"%PDF-1.7 and no more")
    assert (read_files(), read_files()) == (1, 0)
    assert len(found_messages(ben, "kingfisher.pdf")) == 1


def test_sending_a_file_lets_it_be_read(ann, ben, monkeypatch, django_capture_on_commit_callbacks):
    queued = []
    monkeypatch.setattr(subscribers, "enqueue", lambda task, **more: queued.append(task.name))
    message = with_file(ann, ben, "terms.txt", b"kingfisher")
    send_message(message.conversation, by=ben, prose=prose("No file."))
    with django_capture_on_commit_callbacks(execute=True):
        dispatch(list(Activity.objects.filter(verb=Verb.MESSAGE_SENT).values_list("pk", flat=True)))
    assert queued.count("discussions.read_files") == 1


# --- the API ---


def test_the_way_through_the_api(client_as, message, ann, ben):
    mine, theirs, url = client_as(ann), client_as(ben), f"/api/v1/messages/{message.pk}/"
    changed = mine.patch(url, {"body": "*Other*", "version": 1}, content_type="application/json")
    assert (changed.status_code, changed.json()["version"], changed.json()["edited_at"]) == (200, 2, None)
    late = mine.patch(url, {"body": "Lost", "version": 1}, content_type="application/json")
    assert late.status_code == 409
    assert theirs.patch(url, {"body": "X", "version": 2}, content_type="application/json").status_code == 403
    assert theirs.delete(url).status_code == 403
    assert mine.delete(url).status_code == 204
    assert theirs.get(url).status_code == 404
    listed = theirs.get(f"/api/v1/conversations/{message.conversation_id}/messages/").json()
    assert listed["results"] == []
    assert theirs.post(f"{url}restore/", {}, content_type="application/json").status_code == 403
    assert mine.post(f"{url}restore/", {}, content_type="application/json").json()["body"] == "*Other*"
    stranger = client_as(make_member(role="administrator"))
    assert stranger.post(f"{url}restore/", {}, content_type="application/json").status_code == 404
    assert stranger.delete(url).status_code == 404
