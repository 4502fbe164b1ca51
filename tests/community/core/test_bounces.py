"""Reports of mail servers: real ones of many systems with the share that is read right, and forms of our own."""

import csv
from collections import defaultdict

import pytest

from community.core.bounces import Fault, is_automatic, parse_mail, read_report
from tests.community.data.dumps import shared

# The whole set is read better than this; a family that falls below it is named.
LEAST = 0.98


def is_right(row: dict[str, str], raw: bytes) -> bool:
    """As the index says where the mail keeps to RFC 3464; elsewhere: noticed, and the recipient named."""
    message = parse_mail(raw)
    report = read_report(message)
    if row["family"] == "rfc3834":
        return report is None and is_automatic(message)
    if report is None or not is_automatic(message):
        return False
    if row["family"] == "arf":
        return all(failure.fault == Fault.COMPLAINT for failure in report.failures)
    if row["action"] in {"delivered", "relayed", "expanded"}:
        return report.failures == ()
    addresses = [failure.address for failure in report.failures]
    wanted = row["final_recipient"].rpartition(";")[2].strip(" <>").lower()
    if not addresses or "@" not in addresses[0] or ("@" in wanted and wanted not in addresses):
        return False
    is_hard = any(failure.is_hard for failure in report.failures)
    if row["status"].startswith("4."):
        return not is_hard
    return is_hard or row["status"] != "5.1.1"


def test_real_reports_are_read_right():
    folder = shared("email-bounces")
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    with (folder / "index.csv").open(newline="", encoding="utf-8") as index:
        for row in csv.DictReader(index):
            if not row["file"].startswith("not-a-bounce"):
                count = counts[row["family"]]
                count[0] += is_right(row, (folder / row["file"]).read_bytes())
                count[1] += 1
    for family, (right, among) in sorted(counts.items()):
        print(f"{family}: {right} of {among} right, {right / among:.0%}")  # noqa: T201
    right, among = (sum(count[place] for count in counts.values()) for place in (0, 1))
    print(f"all: {right} of {among} right, {right / among:.1%}")  # noqa: T201
    assert among > 400
    assert right / among >= LEAST
    assert {family for family, (good, whole) in counts.items() if good < whole * 0.7} <= {"lhost-fml"}


def test_what_is_no_report_is_none():
    folder = shared("email-bounces") / "not-a-bounce"
    for path in folder.glob("*.eml"):
        assert read_report(parse_mail(path.read_bytes())) is None, path.name


REPORT = """\
From: MAILER-DAEMON@mx.example.org
To: reply+b.1.0.aaaa@community.example
Subject: Undelivered Mail Returned to Sender
Return-Path: <>
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It did not work.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; Zoe@Example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}

--b--
"""


@pytest.mark.parametrize(
    ("action", "status", "said", "fault"),
    [
        ("failed", "5.1.1", "550 5.1.1 User unknown", Fault.UNKNOWN),
        ("failed", "5.2.2", "552 5.2.2 Mailbox full", Fault.FULL),
        ("failed", "5.7.1", "554 5.7.1 Blocked because of its content", Fault.BLOCKED),
        ("failed", "5.4.4", "Host not found", Fault.NO_HOST),
        ("failed", "5.2.1", "550 account disabled", Fault.DISABLED),
        ("failed", "4.2.2", "452 over quota", Fault.FULL),
        ("delayed", "4.4.1", "connection timed out", Fault.TEMPORARY),
        ("delayed", "5.1.1", "user unknown", Fault.TEMPORARY),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_what_is_wrong_with_an_address(action, status, said, fault, line_end):
    text = REPORT.format(action=action, status=status, said=said).replace("\n", line_end)
    report = read_report(parse_mail(text.encode()))
    assert [(one.address, one.fault, one.status) for one in report.failures] == [
        ("zoe@example.org", fault, status)
    ]


def test_a_report_that_it_arrived_is_no_fault():
    report = read_report(
        parse_mail(REPORT.format(action="delivered", status="2.0.0", said="250 ok").encode())
    )
    assert report.failures == ()


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        'Auto-Submitted: auto-generated; owner-email="x@example.org"',
        "Precedence: bulk",
        "X-Autoreply: yes",
        "Subject: Out of office: back on Monday",
        "Subject: Automatische Antwort: Urlaub",
        "From: MAILER-DAEMON@example.org",
        "Return-Path: <>",
        "List-Id: <x.example.org>",
    ],
)
def test_machines_are_known_by_their_headers(header):
    assert is_automatic(parse_mail(f"{header}\nTo: a@example.org\n\nWords.".encode()))


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: no", "Subject: Re: The vacation policy", "From: anna@example.org"]
)
def test_people_are_not_taken_for_machines(header):
    assert not is_automatic(parse_mail(f"{header}\nTo: a@example.org\n\nWords.".encode()))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r",
        b"\x00\xff",
        b"Content-Type: multipart/report\n\n",
        b"Content-Type: a/b; charset=nonsense\n\nx",
    ],
)
def test_nothing_breaks_it(raw):
    message = parse_mail(raw)
    is_automatic(message)
    read_report(message)
