"""The outbox of single mails against a real mail server: at most once, whatever the server, the line or a kill does."""

import os
import re
import signal
import smtplib
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from community.core import mail as outbox
from community.core.mail import MAX_ATTEMPTS, mails_in_doubt, queue_mail, send_mail, sweep_mail
from community.core.models import Mail, MailState
from tests.homes import wait_for
from tests.servers import PROJECT, database_url, free_port

pytestmark = pytest.mark.django_db

TEMPLATES = sorted((PROJECT / "templates").glob("*/mail/*.txt"))
WORDS = {
    "name": "Zoë O'Brien & <Co>",
    "until": "1 May 2027",
    "reason": "a < b & c > d",
    "url": "http://testserver/",
}


class Sink:
    """Keeps what it takes, and answers what a test wants it to: a code, silence, or a line that breaks."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.lines = 0
        self.to_rcpt = ""
        self.to_data = ""
        #: What becomes of the line at the mail of this number: "broken" before its answer, "closed" after it.
        self.at: dict[int, str] = {}
        self.closed = 0
        self.breaks_after_data = False
        self.holds = threading.Event()
        self.holds.set()

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):  # noqa: N802
        self.lines += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if self.to_rcpt:
            return self.to_rcpt
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802
        if self.to_data:
            return self.to_data
        self.taken.append(envelope.content.decode())
        while not self.holds.is_set():
            time.sleep(0.02)
        becomes = self.at.get(len(self.taken), "")
        if self.breaks_after_data or becomes == "broken":
            server.transport.close()
            return None
        if becomes == "closed":
            # After the answer has gone out.
            server.loop.call_later(0.05, self.close, server)
        return "250 taken"

    def close(self, server) -> None:
        server.transport.close()
        # Behind what closing puts into the loop: the line is cut by then.
        server.loop.call_soon(self.count_closed)

    def count_closed(self) -> None:
        self.closed += 1


@pytest.fixture
def sink(settings) -> Iterator[Sink]:
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    try:
        yield sink
    finally:
        sink.holds.set()
        controller.stop()


def write(key: str = "one") -> Mail:
    with transaction.atomic():
        mail = queue_mail(
            "member.suspended",
            key=key,
            address="zoe@example.org",
            template="members/mail/member_suspended.txt",
            words=dict(WORDS),
        )
    assert mail is not None
    return mail


def now(mail: Mail) -> Mail:
    mail.refresh_from_db()
    return mail


def test_it_is_sent_once_with_its_words(sink):
    mail = write()
    assert send_mail(mail.pk) == MailState.SENT
    assert send_mail(mail.pk) == ""
    (taken,) = sink.taken
    assert f"Message-ID: {now(mail).message_id}" in taken
    assert "Auto-Submitted: auto-generated" in taken
    assert "To: zoe@example.org" in taken
    assert (mail.state, mail.attempts, mail.body, mail.error) == (MailState.SENT, 1, "", "")
    assert mail.sent_at is not None


def test_the_same_key_is_written_once(sink):
    write()
    with transaction.atomic():
        again = queue_mail(
            "member.suspended", key="one", address="zoe@example.org",
            template="members/mail/member_suspended.txt", words=dict(WORDS),
        )  # fmt: skip
    assert again is None
    assert Mail.objects.count() == 1


def test_a_change_that_is_taken_back_takes_its_mail_with_it(sink):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        queue_mail(
            "member.suspended", key="one", address="zoe@example.org",
            template="members/mail/member_suspended.txt", words=dict(WORDS),
        )  # fmt: skip
        raise ZeroDivisionError
    assert not Mail.objects.exists()


def test_a_subject_is_one_line():
    with transaction.atomic():
        mail = queue_mail(
            "member.suspended", key="one", address="zoe@example.org",
            template="members/mail/member_suspended.txt",
            words=dict(WORDS) | {"until": "May\r\nBcc: everybody@example.org"},
        )  # fmt: skip
    assert "\n" not in mail.subject
    assert "\r" not in mail.subject


@pytest.mark.parametrize("where", ["to_rcpt", "to_data"])
def test_a_refusal_for_now_is_tried_again_later(sink, where):
    setattr(sink, where, "450 come back later")
    mail = write()
    before = timezone.now()
    assert send_mail(mail.pk) == MailState.WAITING
    assert now(mail).not_before > before + timedelta(seconds=50)
    assert send_mail(mail.pk) == ""
    setattr(sink, where, "")
    Mail.objects.update(not_before=timezone.now())
    assert send_mail(mail.pk) == MailState.SENT
    assert (len(sink.taken), now(mail).attempts) == (1, 2)


@pytest.mark.parametrize("where", ["to_rcpt", "to_data"])
def test_a_refusal_for_good_is_the_end(sink, where):
    setattr(sink, where, "550 nobody here")
    mail = write()
    assert send_mail(mail.pk) == MailState.REFUSED
    assert send_mail(mail.pk) == ""
    assert now(mail).error.startswith("SMTP")
    # Neither address nor words stand in the error.
    assert "zoe" not in mail.error


def test_a_server_that_is_away_costs_nothing_but_time(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    mail = write()
    assert send_mail(mail.pk) == MailState.WAITING
    assert now(mail).error == "ConnectionRefusedError"


def test_after_enough_tries_it_is_left_to_people(sink):
    mail = write()
    Mail.objects.update(attempts=MAX_ATTEMPTS)
    assert sweep_mail() == 0
    Mail.objects.update(attempts=MAX_ATTEMPTS - 1)
    assert sweep_mail() == 1
    assert now(mail).state == MailState.SENT


def test_a_line_that_breaks_after_the_words_leaves_it_in_doubt_and_is_never_tried_again(sink):
    sink.breaks_after_data = True
    mail = write()
    assert send_mail(mail.pk) == MailState.SENDING
    assert mails_in_doubt() == 0
    Mail.objects.update(sending_at=timezone.now() - timedelta(hours=1))
    assert mails_in_doubt() == 1
    assert sweep_mail() == 0
    assert send_mail(mail.pk) == ""
    assert len(sink.taken) == 1


# --- many of them ---


def write_many(count: int) -> list[Mail]:
    mails = [
        Mail(
            kind="invitation.sent", key=f"many:{number}", address="zoe@example.org", subject="Hi", body="Hi\n"
        )
        for number in range(count)
    ]
    Mail.objects.bulk_create(mails)
    return mails


def states() -> dict[str, int]:
    return dict(Counter(Mail.objects.values_list("state", flat=True)))


def test_a_batch_goes_over_one_line(sink):
    write_many(30)
    assert (sweep_mail(), states()) == (30, {MailState.SENT: 30})
    assert (len(sink.taken), sink.lines) == (30, 1)
    assert sweep_mail() == 0


def test_a_line_that_breaks_in_the_middle_of_a_batch_leaves_one_in_doubt_and_the_rest_goes_on(sink):
    write_many(12)
    sink.at = {5: "broken"}
    assert sweep_mail() == 12
    assert states() == {MailState.SENT: 11, MailState.SENDING: 1}
    assert (len(sink.taken), sink.lines) == (12, 2)
    assert len({re.search(r"Message-ID: (\S+)", text).group(1) for text in sink.taken}) == 12


def test_a_server_that_lets_go_between_two_mails_leaves_none_in_doubt(sink, monkeypatch):
    write_many(9)
    sink.at = {3: "closed", 6: "closed"}
    take = outbox._take

    def take_later(mail_id: int) -> Mail | None:
        wait_for(lambda: sink.closed == sum(number <= len(sink.taken) for number in sink.at))
        return take(mail_id)

    monkeypatch.setattr(outbox, "_take", take_later)
    assert (sweep_mail(), states()) == (9, {MailState.SENT: 9})
    assert (len(sink.taken), sink.lines) == (9, 3)


def test_an_address_that_is_refused_holds_nobody_up(sink):
    write_many(5)
    sink.to_data = "550 not this"
    assert (sweep_mail(), states(), sink.lines) == (5, {MailState.REFUSED: 5}, 1)


@pytest.mark.parametrize("answer", ["421 too many from you", ""])
def test_a_server_that_is_closing_or_away_costs_a_batch_one_attempt(sink, settings, answer):
    write_many(5)
    sink.to_data = answer
    if not answer:
        settings.EMAIL_PORT = free_port()
    assert (sweep_mail(), states()) == (1, {MailState.WAITING: 5})
    assert sorted(Mail.objects.values_list("attempts", flat=True)) == [0, 0, 0, 0, 1]
    assert sink.taken == []


def test_a_long_batch_goes_on_in_the_next_job_until_the_clock_has_started_another(sink, monkeypatch):
    write_many(3)
    queued = []
    monkeypatch.setattr(outbox, "enqueue", lambda task, args, queue: queued.append((task.name, args, queue)))
    monkeypatch.setattr(outbox, "SLICE_SECONDS", -1.0)
    began = time.time()
    assert sweep_mail() == 0
    ((name, (until,), queue),) = queued
    assert (name, queue) == ("mail.sweep", "mail")
    assert 25 < until - began < 35
    assert sweep_mail(until) == 0
    assert queued[1:] == [("mail.sweep", [until], "mail")]
    assert sweep_mail(time.time() - 1) == 0
    assert len(queued) == 2


def test_no_more_go_out_in_a_second_than_the_provider_allows(sink, settings):
    settings.EMAIL_PER_SECOND = 5
    write_many(12)
    began = time.time()
    assert sweep_mail() == 12
    # Three seconds of the clock hold them, of which the first and the last are not whole.
    assert time.time() - began >= 1
    sent = Counter(int(at.timestamp()) for at in Mail.objects.values_list("sending_at", flat=True))
    assert len(sent) >= 3
    assert max(sent.values()) <= 5


@pytest.mark.django_db(transaction=True)
def test_of_four_sweeps_at_once_each_mail_goes_out_once(sink):
    write_many(60)

    def work(_number: int) -> int:
        try:
            return sweep_mail()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        tried = list(pool.map(work, range(4)))
    assert (sum(tried), len(sink.taken), states()) == (60, 60, {MailState.SENT: 60})


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_at_once_one_sends_it(sink):
    mail = write()

    def work(_number: int) -> str:
        try:
            return send_mail(mail.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(work, range(8)))
    assert sorted(states) == [""] * 7 + [MailState.SENT]
    assert len(sink.taken) == 1


@pytest.mark.drill
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_in_the_middle_sends_nothing_twice(sink, settings, tmp_path):
    """The server has taken the words, and its answer never reached a living worker."""
    mail = write()
    sink.holds.clear()
    program = "import django; django.setup(); from community.core.mail import send_mail; send_mail({pk})"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "community.settings",
        "DATABASE_URL": database_url(),
        "SITE_URL": "http://testserver",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(settings.EMAIL_PORT),
    }
    worker = subprocess.Popen(
        [sys.executable, "-c", program.format(pk=mail.pk)], cwd=PROJECT, env=environment
    )
    try:
        deadline = time.monotonic() + 30
        while not sink.taken and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(sink.taken) == 1
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    sink.holds.set()
    assert now(mail).state == MailState.SENDING
    Mail.objects.update(sending_at=timezone.now() - timedelta(hours=1))
    assert (sweep_mail(), send_mail(mail.pk), mails_in_doubt()) == (0, "", 1)
    assert len(sink.taken) == 1


# --- the texts ---


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_mail_is_plain_text_and_says_what_was_written(path: Path):
    """No words of people reach a mail with the signs of HTML, and every subject fits."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("{% autoescape off %}")
    names = set(re.findall(r"\{\{\s*([a-z_]+)", text)) | set(
        re.findall(r"\{% (?:if|elif) (?:not )?([a-z_]+)", text)
    )
    counted = set(re.findall(r" count (?:[a-z_]+=)?([a-z_]+)", text))
    words = dict.fromkeys(names, "O'Brien & <Co>") | dict.fromkeys(counted, 3)
    rendered = render_to_string(str(path.relative_to(PROJECT / "templates")), words).strip()
    assert not re.search(r"&(amp|lt|gt|quot|#x?[0-9a-f]+);", rendered)
    subject, _newline, body = rendered.partition("\n")
    assert subject.strip()
    assert body.strip()
    assert "!" not in rendered
    assert not names or "O'Brien & <Co>" in rendered


def test_smtp_errors_are_the_ones_this_counts_on():
    """Were one of them no `OSError` any more, a mail would stay in doubt without a line in the log."""
    for error in (smtplib.SMTPServerDisconnected, smtplib.SMTPDataError, smtplib.SMTPRecipientsRefused):
        assert issubclass(error, OSError)
