"""The mails of one's own machine: for managers, shut in, and only where there is no mail server."""

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import override_settings

from tests.factories import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def filed(settings, tmp_path) -> str:
    """A mail in the folder; its name."""
    settings.EMAIL_FILE_PATH = tmp_path
    message = EmailMultiAlternatives(
        "Zoë's <b>digest</b>",
        "The plain words.",
        to=["zoe@example.org"],
        connection=get_connection(
            "django.core.mail.backends.filebased.EmailBackend", file_path=str(tmp_path)
        ),
    )
    message.attach_alternative('<p style="color:red">The <script>alert(1)</script> words.</p>', "text/html")
    message.send()
    (path,) = tmp_path.glob("*.log")
    (tmp_path.parent / "outside.log").write_text("Subject: Outside\n\nWords")
    return path.name


def test_managers_look_at_what_went_out(client_as, filed):
    client = client_as(make_member(role="manager"))
    text = client.get("/mail/sent/").content.decode()
    assert "Zoë&#x27;s &lt;b&gt;digest&lt;/b&gt;" in text
    assert "zoe@example.org" in text
    shown = client.get(f"/mail/sent/{filed}/").content.decode()
    assert "The plain words." in shown
    assert "Message-ID" in shown


def test_its_html_is_shut_in(client_as, filed):
    answer = client_as(make_member(role="administrator")).get(f"/mail/sent/{filed}/html/")
    assert "color:red" in answer.content.decode()
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("name", ["..%2Foutside.log", "nothing.log", "%00.log", "x"])
def test_nothing_else_of_the_machine_is_read(client_as, filed, name):
    client = client_as(make_member(role="manager"))
    assert client.get(f"/mail/sent/{name}/").status_code in {400, 404}
    assert b"Outside" not in client.get("/mail/sent/").content


@pytest.mark.parametrize("role", ["member", "moderator", "executive"])
def test_nobody_else_does(client_as, filed, role):
    client = client_as(make_member(role=role))
    for address in ("/mail/sent/", f"/mail/sent/{filed}/", f"/mail/sent/{filed}/html/"):
        assert client.get(address).status_code == 403


def test_an_empty_folder_and_none_say_so(client_as, settings, tmp_path):
    client = client_as(make_member(role="manager"))
    for folder in (tmp_path, tmp_path / "none"):
        with override_settings(EMAIL_FILE_PATH=folder):
            assert "No mail went out yet" in client.get("/mail/sent/").content.decode()
