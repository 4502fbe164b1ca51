"""Mails about notices, digests, answers by mail and links in mails, against a real mail server and a real mailbox.

What is sent is decided when it is sent: rights, stops, and what was read meanwhile (rule 9.5).
"""

import hashlib
import hmac
import os
import re
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from zoneinfo import ZoneInfo

import pytest
import time_machine
from aiosmtpd.controller import Controller
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from community.core.inbound import SOFT_LIMIT, ImapSource, fetch_mail, receive_mail, take_in
from community.core.mail import send_mail
from community.core.mail_links import (
    act_url,
    bounce_address,
    read_bounce_address,
    read_reply_address,
    reply_address,
    stop_url,
)
from community.core.models import (
    AddressFault,
    Digest,
    Mail,
    MailFeedback,
    MailState,
    Notice,
    NoticePreference,
    ReceivedMail,
)
from discussions.actions import digest
from discussions.actions.digest import claim_digests, plan_digests
from discussions.actions.space import remove_space_member
from discussions.actions.topic import close_topic, mark_read
from discussions.models import Follow, FollowReason, Post, SavedView, Space
from members.actions.standing import pause_member
from members.actions.tie import mute_member
from tests.community.data.dumps import shared
from tests.factories import dispatch_activity, make_member, make_post, make_space, make_topic
from tests.homes import wait_for
from tests.servers import PROJECT, database_url, free_port

pytestmark = pytest.mark.django_db


HOST = settings.SITE_HOST


class Sink:
    """Keeps what it takes, with the envelope's sender."""

    def __init__(self) -> None:
        self.taken = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        message = message_from_bytes(envelope.content, policy=default)
        message["X-Envelope-From"] = envelope.mail_from
        self.taken.append(message)
        return "250 taken"


@pytest.fixture(autouse=True)
def sink(settings) -> Iterator[Sink]:
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    settings.INBOUND_ADDRESS = "reply@community.example"
    settings.INBOUND_WEBHOOK_SECRET = "a secret of the provider"
    yield sink
    controller.stop()


def send(sink) -> list:
    """What goes out when everything that is due is sent."""
    before = len(sink.taken)
    dispatch_activity()
    for mail_id in Mail.objects.due().order_by("pk").values_list("pk", flat=True):
        send_mail(mail_id)
    return sink.taken[before:]


def follow(member, level="everything", **thing):
    Follow.objects.create(
        member=member, level=level, reason=FollowReason.CHOSEN, created_at=timezone.now(), **thing
    )


def answered(member, body="We pay *by seat*.", **values) -> Post:
    """Somebody answers a topic of this member."""
    topic = make_topic(by=member, title="How do you pay?", **values)
    return make_post(topic=topic, by=make_member("Ann Answers"), body=body)


# --- the mail at once ---


def test_an_answer_to_me_comes_at_once_with_all_that_a_mail_needs(sink, member):
    post = answered(member)
    (mail,) = send(sink)
    assert mail["To"] == member.email
    assert mail["Subject"] == "Re: How do you pay?"
    assert "Ann Answers" in mail["From"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"<http://\S+/mail/stop/\S+/>", mail["List-Unsubscribe"].strip())
    assert mail["List-Id"].endswith(f"<{post.topic.space.slug}.{HOST}>")
    assert (mail["Auto-Submitted"], mail["Precedence"]) == ("auto-generated", "list")
    assert mail["References"] == mail["In-Reply-To"] == f"<topic.{post.topic_id}@{HOST}>"
    assert mail["List-Archive"]
    assert mail["List-Help"]
    assert read_reply_address(mail["Reply-To"]) == (member.pk, post.topic_id)
    assert read_bounce_address(mail["X-Envelope-From"]) == Mail.objects.get().pk
    plain, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    for text in (plain, html):
        assert "by seat" in text
        assert "because somebody answered you" in text
        assert "/mail/stop/" in text
        assert "/mail/act/" in text
    assert "<em>by seat</em>" in html
    assert Mail.objects.get().state == MailState.SENT


def test_following_goes_into_the_digest_unless_one_wants_it_at_once(sink, member, other_member):
    topic = make_topic(by=other_member)
    dispatch_activity()
    follow(member, topic=topic)
    make_post(topic=topic, by=make_member())
    assert [mail["To"] for mail in send(sink)] == [other_member.email]
    NoticePreference.objects.create(member=member, choices={"following": "at_once"})
    make_post(topic=topic, by=make_member())
    assert member.email in [mail["To"] for mail in send(sink)]


def make_gone(member, post, why):
    """Something that happens between queueing and sending."""
    topic = post.topic
    topic.refresh_from_db()
    if why == "read":
        mark_read(topic, member, topic.last_number)
    elif why == "stopped":
        NoticePreference.objects.create(member=member, choices={"replied": "digest"})
    elif why == "closed room":
        Space.objects.filter(pk=topic.space_id).update(preset="private")
    elif why == "confidential":
        Space.objects.filter(pk=topic.space_id).update(preset="confidential")
        topic.space.memberships.create(member=member)
    elif why == "deleted":
        Post.objects.filter(pk=post.pk).update(deleted_at=timezone.now())
    elif why == "muted person":
        mute_member(post.author, by=member)
    elif why == "muted topic":
        Follow.objects.update_or_create(
            member=member, topic=topic,
            defaults={"level": "mute", "reason": "chosen", "created_at": timezone.now()},
        )  # fmt: skip
    elif why == "pause":
        pause_member(member, by=member, until=timezone.now() + timedelta(days=3))
    elif why == "left":
        member.role_rows.update(until_at=timezone.now())
    elif why == "address stopped":
        AddressFault.objects.create(address=member.email, reason="unknown", stopped_at=timezone.now())
    elif why == "new address":
        type(member).objects.filter(pk=member.pk).update(email="new@example.org")


@pytest.mark.parametrize(
    "why",
    [
        "read", "stopped", "closed room", "confidential", "deleted", "muted person", "muted topic", "pause", "left",
        "address stopped", "new address",
    ],
)  # fmt: skip
def test_rights_stops_and_reading_are_asked_when_it_is_sent(sink, member, why):
    post = answered(member)
    dispatch_activity()
    mail = Mail.objects.get()
    make_gone(member, post, why)
    assert send(sink) == []
    mail.refresh_from_db()
    assert (mail.state, mail.body) == (MailState.DROPPED, "")


def test_outside_working_hours_it_waits(sink, member):
    answered(member)
    dispatch_activity()
    tomorrow = (timezone.now() + timedelta(days=1)).isoweekday()
    NoticePreference.objects.create(member=member, work_days=[tomorrow], work_from=0, work_until=24)
    assert send(sink) == []
    mail = Mail.objects.get()
    assert mail.state == MailState.WAITING
    assert mail.not_before > timezone.now()
    assert mail.attempts == 0


def test_pictures_stay_and_local_links_are_whole(sink, member):
    answered(member, body="![the plan](https://example.org/a.png) and [here](/topics/1/)")
    (mail,) = send(sink)
    html = mail.get_body(("html",)).get_content()
    assert "<img" not in html
    assert 'href="/' not in html
    assert f'href="{settings.SITE_URL}/topics/1/"' in html


# --- links ---


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def test_a_stop_link_shows_on_get_and_stops_on_post_without_signing_in(sink, client, member):
    answered(member)
    (mail,) = send(sink)
    link = path_of(mail["List-Unsubscribe"].strip(" <>"))
    assert "one click" in client.get(link).content.decode()
    assert not NoticePreference.objects.exists()
    done = client.post(link, {"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200
    assert NoticePreference.objects.get(member=member).delivery("replied") == "off"
    answered(member)
    assert send(sink) == []
    # Again, a year later, without harm.
    with time_machine.travel(datetime.now(UTC) + timedelta(days=900)):
        assert client.post(link).status_code == 200


def test_a_topic_and_the_digest_have_links_of_their_own(client, member, other_member):
    topic = make_topic(by=other_member)
    client.post(path_of(stop_url(member.pk, "topic", str(topic.pk))))
    assert Follow.objects.get(member=member, topic=topic).level == "mute"
    client.post(path_of(stop_url(member.pk, "digest", "all")))
    assert NoticePreference.objects.get(member=member).digest == "off"


@pytest.mark.parametrize(
    "change", [lambda link: link[:-3] + "xy/", lambda link: link.replace(".reason.", ".digest.")]
)
def test_a_link_that_was_changed_is_none(client, member, change):
    link = change(path_of(stop_url(member.pk, "reason", "replied")))
    assert client.get(link).status_code == client.post(link).status_code == 404
    assert not NoticePreference.objects.exists()


def test_thanks_from_a_mail_take_one_press_and_expire(client, member, other_member):
    post = make_post(by=other_member)
    link = path_of(act_url(member.pk, "thanks", str(post.pk)))
    client.get(link)
    assert Post.objects.get(pk=post.pk).thanks_count == 0
    assert "passed on" in client.post(link).content.decode()
    client.post(link)
    assert Post.objects.get(pk=post.pk).thanks_count == 1
    with time_machine.travel(datetime.now(UTC) + timedelta(days=31)):
        assert client.post(link).status_code == 404


def test_thanks_for_what_is_closed_meanwhile_are_refused_without_naming_it(client, member, other_member):
    topic = make_topic(
        space=make_space(preset="private", members=[other_member]), by=other_member, title="Hush"
    )
    post = Post.objects.get(topic=topic)
    answer = client.post(path_of(act_url(member.pk, "thanks", str(post.pk))))
    assert answer.status_code == 422
    assert "Hush" not in answer.content.decode()


def test_useful_and_not_useful(client, member):
    client.post(path_of(act_url(member.pk, "useful", "digest:1")))
    client.post(path_of(act_url(member.pk, "not-useful", "digest:1")))
    assert [(one.key, one.is_useful) for one in MailFeedback.objects.all()] == [("digest:1", False)]


def test_an_address_cannot_be_made_up_and_survives_small_letters(settings, member):
    address = reply_address(member.pk, 7)
    assert len(address.partition("@")[0]) <= 64
    assert read_reply_address(address.upper()) == read_reply_address(f"Us <{address}>") == (member.pk, 7)
    assert read_reply_address(address.replace(".7.", ".8.")) is None
    assert read_reply_address(bounce_address(7)) is None
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = (
        [settings.SECRET_KEY],
        "another one entirely, and long enough",
    )
    assert read_reply_address(address) == (member.pk, 7)


# --- answers by mail ---


def mail_from(member, topic, text="Yes, we do.", *, number=1, sender="", headers="", to="") -> bytes:
    return (
        f"From: {sender or member.email}\nTo: {to or reply_address(member.pk, topic.pk)}\n"
        f"Subject: Re: {topic.title}\nMessage-ID: <{number}.{topic.pk}@example.org>\n{headers}\n{text}\n"
    ).encode()


QUOTED = "Yes, we do.\n\nOn 3 May 2026, Ann Answers <a@b.example> wrote:\n> We pay by seat.\n-- \nMira"


def test_an_answer_by_mail_becomes_a_post_once(member):
    topic = make_topic()
    raw = mail_from(member, topic, QUOTED)
    received = receive_mail(raw)
    assert receive_mail(raw) is None
    post = Post.objects.get(topic=topic, number=2)
    assert (post.source, post.author, post.source_format) == ("Yes, we do.", member, "markdown")
    assert (received.kind, received.target_id, received.member) == ("posted", post.pk, member)
    assert Post.objects.filter(topic=topic).count() == 2


def test_files_of_a_mail_are_left_out_and_that_is_said(sink, member):
    topic = make_topic()
    raw = mail_from(
        member, topic,
        '--b\nContent-Type: text/plain\n\nSee the file.\n--b\nContent-Type: application/pdf\n'
        'Content-Disposition: attachment; filename="a.pdf"\n\nx\n--b--',
        headers='MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n',
    )  # fmt: skip
    assert receive_mail(raw).kind == "posted"
    assert Post.objects.get(topic=topic, number=2).source == "See the file."
    assert "without its files" in " ".join(mail["Subject"] for mail in send(sink))


@pytest.mark.parametrize("why", ["stranger", "closed topic", "lost room", "nothing said"])
def test_what_cannot_be_posted_goes_back_to_the_member_with_every_word(sink, member, moderator, manager, why):
    space = make_space(preset="private", members=[member])
    topic = make_topic(space=space if why == "lost room" else None, by=member if why == "lost room" else None)
    text = "These are my words."
    raw = mail_from(member, topic, text)
    if why == "stranger":
        raw = mail_from(member, topic, text, sender="mallory@example.net")
    elif why == "closed topic":
        close_topic(topic, by=moderator, reason="It is said.")
    elif why == "lost room":
        remove_space_member(space, member, by=manager)
    else:
        raw = mail_from(member, topic, "> only a quote")
    assert receive_mail(raw).kind == "refused"
    assert Post.objects.filter(topic=topic).count() == 1
    (mail,) = [mail for mail in send(sink) if "could not be posted" in mail["Subject"]]
    assert mail["To"] == member.email
    assert ("These are my words." in mail.get_content()) == (why != "nothing said")


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied\n",
        "Precedence: bulk\n",
        "X-Autoreply: yes\n",
        "Return-Path: <>\n",
        "List-Id: <x.example.org>\n",
    ],
)
def test_machines_never_post_and_are_never_answered(sink, member, header):
    topic = make_topic()
    assert receive_mail(mail_from(member, topic, headers=header)).kind == "automatic"
    assert Post.objects.filter(topic=topic).count() == 1
    assert send(sink) == []


def test_real_automatic_answers_and_reports_never_become_posts(member):
    topic = make_topic()
    address = reply_address(member.pk, topic.pk).encode()
    paths = sorted(shared("email-bounces").glob("lf/*.eml"))
    for path in paths:
        raw = path.read_bytes()
        receive_mail(b"Delivered-To: " + address + b"\n" + raw)
    assert Post.objects.filter(topic=topic).count() == 1
    assert not ReceivedMail.objects.filter(kind="posted").exists()
    # Of nobody's address was believed what anybody could have written.
    assert not AddressFault.objects.exists()


def test_our_own_mail_sent_back_is_no_answer(sink, member):
    post = answered(member)
    (mail,) = send(sink)
    before = Post.objects.count()
    raw = mail.as_bytes().replace(
        f"To: {member.email}".encode(), f"To: {reply_address(member.pk, post.topic_id)}".encode()
    )
    assert receive_mail(raw).kind == "automatic"
    assert Post.objects.count() == before


def test_the_provider_s_door_opens_to_its_signature_only(client, settings, member):
    topic = make_topic()
    raw = mail_from(member, topic)

    def knock(signature: str) -> int:
        return client.post(
            "/mail/inbound/", raw, content_type="message/rfc822", headers={"X-Signature": signature}
        ).status_code

    def signed(at: float, secret: str = settings.INBOUND_WEBHOOK_SECRET) -> str:
        stamp = str(int(at))
        return f"t={stamp},v1={hmac.new(secret.encode(), stamp.encode() + b'.' + raw, hashlib.sha256).hexdigest()}"

    assert [
        knock(one) for one in ("", "t=1", signed(time.time() - 3600), signed(time.time(), "another"))
    ] == [404] * 4
    assert not ReceivedMail.objects.exists()
    assert knock(signed(time.time())) == 204
    assert Post.objects.filter(topic=topic).count() == 2
    settings.INBOUND_WEBHOOK_SECRET = ""
    assert knock(signed(time.time(), "")) == 404


class Mailbox(socketserver.StreamRequestHandler):
    """As much of an IMAP server (RFC 3501) as a mailbox that is read needs."""

    mails: dict[int, bytes] = {}
    seen: set[int] = set()

    def handle(self) -> None:
        self.wfile.write(b"* OK here\r\n")
        while line := self.rfile.readline().decode().strip():
            tag, command, *words = line.split(" ")
            getattr(self, f"do_{command.lower()}")(words)
            self.wfile.write(f"{tag} OK done\r\n".encode())
            if command.upper() == "LOGOUT":
                return

    def do_capability(self, _words):
        self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n")

    def do_login(self, words):
        assert [word.strip('"') for word in words] == ["box", "pass/word"]

    def do_select(self, _words):
        self.wfile.write(f"* {len(self.mails)} EXISTS\r\n".encode())

    def do_logout(self, _words):
        self.wfile.write(b"* BYE\r\n")

    def do_uid(self, words):
        if words[0] == "SEARCH":
            found = " ".join(str(uid) for uid in self.mails if uid not in self.seen)
            self.wfile.write(f"* SEARCH {found}\r\n".encode())
        elif words[0] == "FETCH":
            raw = self.mails[int(words[1])]
            self.wfile.write(f"* 1 FETCH (UID {words[1]} BODY[] {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")
        else:
            self.seen.add(int(words[1]))


HOSTILE_PARTS = {
    "a charset that is none": "Content-Type: text/plain; charset=nonsense\n",
    "a charset without text": "Content-Type: text/plain; charset=undefined\n",
    "a charset that replaces nothing": "Content-Type: text/plain; charset=idna\n",
    "a charset of bytes": "Content-Type: text/plain; charset=base64\n",
    "an encoding that is none": "Content-Transfer-Encoding: base64\n",
    "a boundary that never comes": "Content-Type: multipart/mixed; boundary=x\n",
    "a file without a name": "Content-Disposition: attachment; filename*=x'y'%00\n",
    "a header of nothing": "Subject: =?undefined?q?=00?=\n",
    "a sender of nothing": "From: \0 <\0>\n",
}


@pytest.mark.parametrize("headers", HOSTILE_PARTS.values(), ids=HOSTILE_PARTS)
def test_no_mail_is_so_broken_that_it_stops_the_next(mailbox, member, headers):
    topic = make_topic()
    broken = mail_from(member, topic, "a\0b \x00 ü", headers=headers)
    Mailbox.mails = {
        1: broken,
        2: broken.replace(b"Message-ID: <1", b"Message-ID: <\0\xff1"),
        3: b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: message/rfc822\n\n" * 400,
        4: mail_from(member, topic, "The next one.", number=2),
    }
    assert take_in(ImapSource(mailbox)) == 4
    assert Mailbox.seen == {1, 2, 3, 4}
    assert Post.objects.filter(topic=topic).order_by("number").last().source == "The next one."


@pytest.fixture
def mailbox() -> Iterator[str]:
    Mailbox.mails, Mailbox.seen = {}, set()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"imap://box:pass%2Fword@127.0.0.1:{server.server_address[1]}/INBOX"
        server.shutdown()


def test_a_mailbox_is_read_once_and_marked(settings, mailbox, member):
    topic = make_topic()
    Mailbox.mails = {7: mail_from(member, topic, "One."), 9: mail_from(member, topic, "Two.", number=2)}
    assert take_in(ImapSource(mailbox)) == 2
    assert [post.source for post in Post.objects.filter(topic=topic).order_by("number")][1:] == [
        "One.",
        "Two.",
    ]
    assert Mailbox.seen == {7, 9}
    # Somebody marks one as not seen: it is known by its own id.
    Mailbox.seen = {9}
    settings.INBOUND_IMAP_URL = mailbox
    cache.delete("mail.fetching")
    assert fetch_mail() == 0
    assert Post.objects.filter(topic=topic).count() == 3


def test_a_mailbox_that_is_away_waits_for_the_next_beat(settings):
    settings.INBOUND_IMAP_URL = f"imap://box:x@127.0.0.1:{free_port()}/INBOX"
    cache.delete("mail.fetching")
    assert fetch_mail() == 0


# --- reports ---


def report_for(mail: Mail, *, status="5.1.1", said="550 user unknown", number=1, to="") -> bytes:
    return (
        f"From: MAILER-DAEMON@mx.example.org\nTo: {to or bounce_address(mail.pk)}\nMessage-ID: <r{number}@mx>\n"
        "Subject: Undelivered Mail\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n"
        f"Final-Recipient: rfc822; {mail.address}\nAction: failed\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; {said}\n\n--b--\n"
    ).encode()


def test_an_address_that_does_not_exist_is_marked_and_nothing_is_sent_there(sink, client_as, member):
    answered(member)
    send(sink)
    assert receive_mail(report_for(Mail.objects.get())).kind == "bounce"
    fault = AddressFault.objects.get(address=member.email)
    assert (fault.member, fault.reason) == (member, "unknown")
    assert fault.stopped_at is not None
    answered(member)
    assert send(sink) == []
    text = client_as(member).get("/notices/").content.decode()
    assert "No mail reaches you" in text


def test_a_report_that_anybody_could_have_written_stops_nothing(sink, member):
    answered(member)
    send(sink)
    receive_mail(report_for(Mail.objects.get(), to="reply@community.example"))
    assert AddressFault.objects.get().stopped_at is None
    assert ReceivedMail.objects.get().kind == "bounce"


def test_soft_faults_are_counted_and_stop_after_weeks_only(sink, member):
    answered(member)
    send(sink)
    mail = Mail.objects.get()
    for number in range(SOFT_LIMIT):
        receive_mail(report_for(mail, status="4.2.2", said="over quota", number=number))
    fault = AddressFault.objects.get()
    assert (fault.soft_count, fault.stopped_at) == (SOFT_LIMIT, None)
    AddressFault.objects.update(first_at=timezone.now() - timedelta(days=15))
    receive_mail(report_for(mail, status="4.2.2", said="over quota", number=99))
    assert AddressFault.objects.get().stopped_at is not None


# --- digests ---

# Yesterday, since what is recorded, and who holds which role, goes by the database's own clock.
MORNING = (datetime.now(UTC) - timedelta(days=1)).replace(hour=7, minute=5, second=0, microsecond=0)
WEEKDAY = MORNING.isoweekday()


def hour_in(zone: str) -> int:
    return MORNING.astimezone(ZoneInfo(zone)).hour


@pytest.fixture
def morning() -> Iterator[None]:
    with time_machine.travel(MORNING, tick=False):
        yield


def yesterday(member=None, **values):
    return make_topic(at=MORNING - timedelta(hours=20), **values)


@pytest.fixture
def reader() -> object:
    return make_member("Rita Reader", at=MORNING - timedelta(days=90))


def test_planning_goes_from_chunk_to_chunk_of_members(monkeypatch, morning, reader):
    yesterday()
    monkeypatch.setattr(digest, "PLAN", 2)
    others = [make_member(at=MORNING - timedelta(days=90)) for _number in range(5)]
    assert plan_digests() >= 6
    planned = set(Digest.objects.values_list("member_id", flat=True))
    assert {reader.pk, *(other.pk for other in others)} <= planned
    assert plan_digests() == 0


def test_at_my_hour_comes_what_is_new_and_nothing_twice(sink, morning, reader):
    topic = yesterday(title="Pricing pilots", body="What we learnt.")
    follow(reader, topic=topic)
    make_post(topic=topic, at=MORNING - timedelta(hours=3))
    dispatch_activity()
    Mail.objects.exclude(member=reader).delete()
    assert plan_digests() >= 1
    assert plan_digests() == 0
    claim_digests()
    assert claim_digests() == 0
    mails = [mail for mail in send(sink) if mail["To"] == reader.email]
    assert len(mails) == 1
    plain = mails[0].get_body(("plain",)).get_content()
    assert "Pricing pilots" in plain
    assert plain.count("Pricing pilots") == 1
    assert "because you follow the topic" in plain
    assert "/mail/stop/" in mails[0]["List-Unsubscribe"]
    assert "Useful" in mails[0].get_body(("html",)).get_content()


def test_nothing_new_no_mail(sink, morning, reader):
    assert not Digest.objects.filter(member=reader).exists()
    topic = yesterday()
    plan_digests()
    # Read before it is sent.
    mark_read(topic, reader, 1)
    claim_digests()
    assert [mail for mail in send(sink) if mail["To"] == reader.email] == []
    assert Mail.objects.get(member=reader).state == MailState.DROPPED


@pytest.mark.parametrize(
    ("zone", "values", "comes"),
    [
        ("UTC", {}, True),
        ("Europe/Oslo", {}, False),  # eight or nine there
        ("Europe/Oslo", {"digest_hour": hour_in("Europe/Oslo")}, True),
        ("Asia/Kolkata", {"digest_hour": 12}, True),
        ("UTC", {"digest": "weekly", "digest_weekday": WEEKDAY}, True),
        ("UTC", {"digest": "weekly", "digest_weekday": WEEKDAY % 7 + 1}, False),
        ("UTC", {"digest": "monthly"}, MORNING.day == 1),
        ("UTC", {"digest": "off"}, False),
        ("UTC", {"digest_hour": 8}, False),
    ],
)
def test_everybody_s_own_hour_and_day(morning, zone, values, comes):
    reader = make_member(time_zone=zone, at=MORNING - timedelta(days=90))
    if values:
        NoticePreference.objects.create(member=reader, **values)
    yesterday()
    plan_digests()
    assert Digest.objects.filter(member=reader).exists() is comes


@pytest.mark.parametrize("why", ["pause", "left", "fault", "no address"])
def test_who_cannot_or_will_not_be_reached_is_not_planned(morning, reader, why):
    yesterday()
    if why == "pause":
        reader.pauses.create(from_at=MORNING - timedelta(days=1), until_at=MORNING + timedelta(days=3650))
    elif why == "left":
        reader.role_rows.update(until_at=MORNING - timedelta(days=1))
    elif why == "fault":
        AddressFault.objects.create(address=reader.email, reason="unknown", stopped_at=MORNING)
    else:
        type(reader).objects.filter(pk=reader.pk).update(email=None)
    plan_digests()
    assert not Digest.objects.filter(member=reader).exists()


def test_a_digest_is_built_with_the_rights_of_the_moment_it_is_sent(sink, morning, reader):
    open_space, closed = make_space(), make_space(preset="private", members=[reader])
    yesterday(space=open_space, title="For everybody")
    secret = yesterday(space=closed, title="Zqhush title", body="zqhush words")
    rooms = {preset: make_space(preset=preset) for preset in ("private", "hidden", "experts", "confidential")}
    for preset, space in rooms.items():
        yesterday(space=space, title=f"Zqhush {preset}")
    own = make_space(preset="confidential", members=[reader])
    yesterday(space=own, title="Zqhush confidential, though listed")
    follow(reader, topic=secret)
    make_post(topic=secret, body="zqhush reply", at=MORNING - timedelta(hours=1))
    dispatch_activity()
    plan_digests()
    claim_digests()
    remove_space_member(closed, reader, by=make_member(role="manager"))
    (mail,) = [mail for mail in send(sink) if mail["To"] == reader.email]
    assert "For everybody" in str(mail)
    assert "zqhush" not in str(mail).lower()


def test_a_saved_view_brings_what_moved_in_it(sink, morning, reader):
    topic = make_topic(at=MORNING - timedelta(days=2, hours=20), title="Old, and moving", tags=["pilots"])
    make_topic(at=MORNING - timedelta(days=2), title="Old, and still", tags=["pilots"])
    make_post(topic=topic, at=MORNING - timedelta(hours=2))
    for name, is_digest in (("Pilots", True), ("Elsewhere", False)):
        SavedView.objects.create(
            member=reader, name=name, query="list=latest&tag=pilots", is_digest=is_digest
        )
    dispatch_activity()
    plan_digests()
    claim_digests()
    (mail,) = [mail for mail in send(sink) if mail["To"] == reader.email]
    plain = mail.get_body(("plain",)).get_content()
    assert 'From your view "Pilots"' in plain
    assert "Old, and moving" in plain
    assert "Old, and still" not in plain
    assert "Elsewhere" not in plain


def test_what_a_mail_of_its_own_told_is_not_told_again(sink, morning, reader):
    topic = yesterday(by=reader, title="Mine")
    make_post(topic=topic, at=MORNING - timedelta(hours=1))
    assert [mail["Subject"] for mail in send(sink) if mail["To"] == reader.email] == ["Re: Mine"]
    plan_digests()
    claim_digests()
    assert [mail for mail in send(sink) if mail["To"] == reader.email] == []


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_while_it_claims_leaves_every_digest_for_one_mail():
    """kill -9 in the middle: what it held is free, nothing is lost and nothing is there twice."""
    people = [make_member(at=timezone.now() - timedelta(days=90)) for _number in range(40)]
    today = timezone.now()
    Digest.objects.bulk_create(
        Digest(member=person, period=today.date(), since=today - timedelta(days=1)) for person in people
    )
    script = (
        "import time, django; django.setup()\n"
        "from discussions.actions import digest\n"
        "digest.CLAIM = 10\n"
        "claim, count = digest._claim, 0\n"
        "from django.db import transaction\n"
        "assert claim() == 10\n"
        "with transaction.atomic():\n"
        "    claim()\n"
        "    print('claimed', flush=True)\n"
        "    time.sleep(60)\n"
    )
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "community.settings",
        "DATABASE_URL": database_url(),
    }
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", script], cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().strip() == "claimed"
    # What the other one holds is passed over.
    assert claim_digests() == 20
    process.send_signal(signal.SIGKILL)
    process.wait()
    # What a dead worker held is free once the database has noticed.
    freed: list[int] = []
    wait_for(lambda: freed.append(claim_digests()) or freed[-1])
    assert freed[-1] == 10
    assert claim_digests() == 0
    assert Mail.objects.filter(kind="digest").count() == 40
    assert Mail.objects.values("key").distinct().count() == 40


def test_a_history_that_was_moved_here_is_told_to_nobody(sink, member):
    topic = make_topic(by=member, at=timezone.now() - timedelta(days=9))
    make_post(topic=topic, at=timezone.now() - timedelta(days=8))
    dispatch_activity()
    assert not Notice.objects.exists()
    assert not Mail.objects.exists()
