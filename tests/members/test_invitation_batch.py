"""Inviting many by a file: every line answered before anything is sent, and exactly what was shown is sent."""

import time
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, Mail, MailState
from community.core.verbs import Verb
from members.actions.domain import set_domain_rule
from members.actions.invitation import send_invitation
from members.actions.invitation_batch import import_invitations, revoke_batch, send_batch
from members.models import DomainPolicy, Invitation, InvitationBatch, RoleName, Skip, Tier
from tests.factories import make_member, make_organisation

pytestmark = pytest.mark.django_db

FILE = "email,name,company,message\nann@new.example,Ann,,You know pricing.\nbo@new.example,Bo,,\n"


def check(manager, text, **said) -> InvitationBatch:
    return import_invitations(text if isinstance(text, bytes) else text.encode(), by=manager, **said)


def problems(batch) -> dict[int, str]:
    return {row["line"]: row["reason"] for row in batch.problems}


def test_a_dry_run_sends_nothing_and_the_confirmed_one_sends_what_was_shown(manager):
    company = make_organisation("Nordwind")
    batch = check(manager, FILE.replace("Ann,,", "Ann,nordwind,"), skips=[Skip.QUESTIONS])
    assert (len(batch.rows), batch.problems) == (2, [])
    assert not Invitation.objects.exists()
    assert not Mail.objects.exists()
    send_batch(batch, by=manager)
    sent = {row.email: row for row in Invitation.objects.all()}
    assert set(sent) == {"ann@new.example", "bo@new.example"}
    assert (sent["ann@new.example"].organisation, sent["ann@new.example"].skips) == (company, ["questions"])
    assert {row.batch for row in sent.values()} == {batch.pk}
    assert Mail.objects.filter(kind="invitation.sent").count() == 2
    assert "You know pricing." in Mail.objects.get(address="ann@new.example").body
    recorded = Activity.objects.get(verb=Verb.INVITATION_SENT)
    assert (recorded.data["batch"], recorded.data["count"]) == (str(batch.pk), 2)


def test_the_page_says_how_far_the_mails_are(client, manager):
    client.force_login(manager)
    batch = send_batch(check(manager, FILE + "cy@new.example,Cy,,\n"), by=manager)
    address = reverse("invitation_batch", args=[batch.pk])

    def answer(**headers) -> str:
        return " ".join(client.get(address, headers=headers).content.decode().split())

    assert "0 of 3 mails have gone out." in answer()
    assert 'hx-trigger="every 5s"' in answer()
    sent, refused, _waiting = Mail.objects.order_by("id")
    Mail.objects.filter(pk=sent.pk).update(state=MailState.SENT, sent_at=timezone.now())
    Mail.objects.filter(pk=refused.pk).update(state=MailState.REFUSED)
    fragment = answer(**{"HX-Request": "true"})
    assert fragment.startswith('<div class="progress" hx-get=')
    assert 'value="2" max="3"' in fragment
    assert "1 of 3 mails have gone out. 1 could not be sent." in fragment
    # Nobody knows of it any more: the page does not wait for it.
    Mail.objects.exclude(pk__in=(sent.pk, refused.pk)).update(
        state=MailState.SENDING, sending_at=timezone.now() - timedelta(hours=1)
    )
    over = answer(**{"HX-Request": "true"})
    assert "hx-get" not in over
    assert "1 of 3 mails have gone out. 2 could not be sent." in over


def test_confirmed_twice_it_is_sent_once(manager):
    batch = check(manager, FILE)
    send_batch(batch, by=manager)
    send_batch(batch, by=manager)
    assert Invitation.objects.count() == Mail.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_confirmed_from_eight_windows_at_once_it_is_sent_once():
    manager = make_member(role=RoleName.MANAGER)
    batch, ready = check(manager, FILE), Barrier(8)

    def confirm() -> None:
        ready.wait()
        try:
            send_batch(batch, by=manager)
        finally:
            connection.close()

    threads = [Thread(target=confirm) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Invitation.objects.count() == Mail.objects.count() == 2


def test_each_line_that_is_left_out_says_why(manager, member):
    set_domain_rule("rival.example", DomainPolicy.BLOCK, by=manager, reason="Competitors are not let in.")
    send_invitation(by=manager, email="open@new.example")
    lines = [
        "E-Mail;Name;Company",
        "ann@new.example;Ann;",
        "Ann@New.Example;Ann again;",
        "not an address;;",
        ";Nobody;",
        f"{member.email};Mira;",
        "open@new.example;;",
        "ann@eu.rival.example;;",
        "cy@new.example;Cy;No such company",
        "dee@new.example;=HYPERLINK(1);",
        "+49@new.example;;",
        "=cmd@new.example;;",
        f"long@new.example;{'x' * 81};",
        "",
        "fine@new.example;\u202ereversed;",
    ]
    batch = check(manager, "\n".join(lines))
    assert [row["email"] for row in batch.rows] == ["ann@new.example", "fine@new.example"]
    assert batch.rows[1]["name"] == "reversed"
    why = problems(batch)
    expected = {
        3: "The same address stands in line 2.",
        4: "That is not an e-mail address.",
        5: "There is no address in this line.",
        6: "Somebody with this address is here already.",
        7: "This address holds an open invitation.",
        8: "Competitors are not let in.",
        9: "There is no company called “No such company” here.",
        10: "begins as a formula does (=)",
        11: "it begins as a formula does",
        12: "it begins as a formula does",
        13: "more than 80 characters",
    }
    assert set(why) == set(expected)
    for line, words in expected.items():
        assert words in why[line], line


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"email\n", "nothing below it"),
        (b"name,company\nAnn,Nordwind\n", "with an “email” among them"),
        (b"email,phone\nann@new.example,1\n", "The column “phone” is not known"),
        ("email,name\nann@new.example,Ann\nbo@new.example,Björn\n".encode("latin-1"), "Line 3 is not UTF-8"),
        ("email\nann@new.example\n".encode("utf-16-le"), "UTF-16 that does not say so"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "Line 1 is not UTF-8"),
        (b'email,name\nann@new.example,"Ann\nbo@new.example,Bo\n', "a quotation mark is open"),
        (b"email\n" + b"x" * 200_000 + b"@new.example\n", "far too long"),
        (b"email\n" + b"a@b.example\n" * 400_000, "more than 4 MB"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_in_words(manager, content, words):
    with pytest.raises(Invalid, match=words.replace("(", r"\(")):
        check(manager, content)
    assert not InvitationBatch.objects.exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encodings_that_say_what_they_are_are_read(manager, encoding):
    batch = check(manager, "email\tname\r\nann@new.example\tBjörn Ünal 山田\r\n".encode(encoding))
    assert batch.rows[0]["name"] == "Björn Ünal 山田"


def test_ten_thousand_rows_are_checked_and_sent_in_a_handful_of_queries(manager):
    rows = "".join(f"person{number}@new.example,Person {number}\n" for number in range(10_000))
    began = time.monotonic()
    with CaptureQueriesContext(connection) as checking:
        batch = check(manager, f"email,name\n{rows}")
    with CaptureQueriesContext(connection) as sending:
        send_batch(batch, by=manager)
    took = time.monotonic() - began
    assert Invitation.objects.count() == Mail.objects.count() == 10_000
    assert len(checking) < 25
    assert len(sending) < 60
    assert took < 60
    with pytest.raises(Invalid, match="more than 10,000 rows"):
        check(manager, f"email,name\n{rows}one.more@new.example,\n")


def test_whoever_came_in_meanwhile_is_left_out(manager):
    batch = check(manager, FILE)
    make_member(email="ann@new.example")
    send_batch(batch, by=manager)
    assert [row.email for row in Invitation.objects.all()] == ["bo@new.example"]
    batch.refresh_from_db()
    assert problems(batch) == {2: "Somebody with this address is here already."}
    again = check(manager, "email\ncy@new.example\n")
    make_member(email="cy@new.example")
    with pytest.raises(Conflict, match="left to invite"):
        send_batch(again, by=manager)


def test_a_batch_is_taken_back_as_a_whole(manager):
    batch = check(manager, FILE)
    send_batch(batch, by=manager)
    other = send_invitation(by=manager, email="other@new.example")
    assert revoke_batch(batch.pk, by=manager) == 2
    assert revoke_batch(batch.pk, by=manager) == 0
    other.refresh_from_db()
    assert other.revoked_at is None
    assert [mail.address for mail in Mail.objects.all()] == ["other@new.example"]


def test_only_managers(member, moderator):
    for person in (member, moderator):
        with pytest.raises(Refused):
            check(person, FILE)


def test_a_closed_tier_takes_nobody(manager):
    tier = Tier.objects.create(name="Old", slug="old", closed_at="2020-01-01T00:00:00Z")
    with pytest.raises(Invalid, match="takes nobody now"):
        check(manager, FILE, tier=tier)


def test_the_pages_check_show_and_send(client_as, manager, sign_in):
    web = client_as(manager)
    bad = web.post("/invitations/import/", {"file": SimpleUploadedFile("a.csv", b"name\nAnn\n")})
    assert bad.status_code == 422
    assert "with an “email” among them" in bad.content.decode()
    assert web.post("/invitations/import/", {}).status_code == 422
    file = SimpleUploadedFile("people.csv", f"{FILE}not an address,,,\n".encode())
    answer = web.post("/invitations/import/", {"file": file, "skips": ["questions", "vouches"]})
    page = web.get(answer["Location"]).content.decode()
    for words in (
        "2 invitations would be sent",
        "Nothing has been sent yet",
        "1 line is left out",
        "Send to 2",
    ):
        assert words in page
    assert not Invitation.objects.exists()
    # Another manager's file is not there, and nobody else gets so far.
    assert sign_in("manager").get(answer["Location"]).status_code == 404
    assert sign_in("member").get(answer["Location"]).status_code == 403
    assert web.post(answer["Location"]).status_code == 302
    page = web.get(answer["Location"]).content.decode()
    assert "2 invitations are on their way" in page
    assert Invitation.objects.get(email="ann@new.example").skips == ["questions", "vouches"]


def test_a_large_file_gets_through_where_a_large_form_does_not(client_as, manager):
    web = client_as(manager)
    rows = "".join(f"person{number}@new.example,{'x' * 70}\n" for number in range(9_000))
    file = SimpleUploadedFile("people.csv", f"email,name\n{rows}".encode())
    assert web.post("/invitations/import/", {"file": file}).status_code == 302
    huge = SimpleUploadedFile("people.csv", b"email\n" + b"x" * 4_200_000)
    refused = web.post("/invitations/import/", {"file": huge})
    assert refused.status_code == 413
    assert "more than a form may send" in refused.content.decode()
