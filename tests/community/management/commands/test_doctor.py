"""The doctor says what is well, what to look at and what is bad, and exits accordingly."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from community.core.models import Activity, Mail, MailState
from community.management.commands.doctor import (
    examine_database,
    examine_jobs,
    examine_mail,
    examine_redis,
    examine_site,
)
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def test_it_prints_a_line_for_each_finding(capsys) -> None:
    call_command("doctor")
    printed = capsys.readouterr().out
    for topic in (
        "python",
        "disk",
        "database",
        "migrations",
        "redis",
        "queues",
        "workers",
        "outbox",
        "address",
        "mail",
    ):
        assert f" {topic} " in printed


def test_machines_read_json(capsys) -> None:
    call_command("doctor", json=True)
    findings = json.loads(capsys.readouterr().out)
    assert {"verdict": "well", "topic": "migrations", "text": "all applied"} in findings


def test_rows_that_nobody_passes_on_are_bad(capsys) -> None:
    make_member()
    Activity.objects.update(dispatched_at=None, recorded_at=timezone.now() - timedelta(hours=1))
    assert Activity.objects.exists()
    [outbox] = [finding for finding in examine_jobs() if finding.topic == "outbox"]
    assert outbox.verdict == "bad"
    assert "has waited 36" in outbox.text
    with pytest.raises(SystemExit) as caught:
        call_command("doctor")
    assert caught.value.code == 1


def test_a_redis_that_is_gone_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    [finding] = examine_redis()
    assert (finding.verdict, finding.topic) == ("bad", "redis")


def test_a_migration_that_is_not_applied_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "community.management.commands.doctor.MigrationExecutor.migration_plan", lambda self, targets: ["one"]
    )
    [finding] = [finding for finding in examine_database() if finding.topic == "migrations"]
    assert (finding.verdict, finding.text) == ("bad", "1 not applied; run manage.py migrate")


def test_a_public_place_needs_a_mail_server_and_no_debug(settings) -> None:
    settings.SITE_IS_HTTPS = True
    settings.EMAIL_HOST = ""
    settings.DEBUG = True
    bad = {finding.topic for finding in examine_site() if finding.verdict == "bad"}
    assert bad == {"debug", "mail"}


def test_mails_in_doubt_and_mails_that_nobody_takes_are_named() -> None:
    [well] = examine_mail()
    assert (well.verdict, well.topic) == ("well", "mails")
    long_ago = timezone.now() - timedelta(hours=2)
    words = {"kind": "member.left", "address": "zoe@example.org", "subject": "You have left", "body": "Bye."}
    Mail.objects.create(key="late", created_at=long_ago, **words)
    Mail.objects.create(key="doubt", state=MailState.SENDING, sending_at=long_ago, **words)
    findings = list(examine_mail())
    assert [finding.verdict for finding in findings] == ["look", "bad"]
    assert findings[0].text.startswith("1 may or may not have gone out")
