"""The outbox of single mails against a real mail server: at most once, whatever the server, the line or a kill does."""

import os
import re
import signal
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from community.core.mail import MAX_ATTEMPTS, mails_in_doubt, queue_mail, send_mail, sweep_mail
from community.core.models import Mail, MailState
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
        self.to_rcpt = ""
        self.to_data = ""
        self.breaks_after_data = False
        self.holds = threading.Event()
        self.holds.set()

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
        if self.breaks_after_data:
            server.transport.close()
            return None
        return "250 taken"


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
    assert now(mail).state == MailState.WAITING


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
