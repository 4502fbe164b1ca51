"""`manage.py create_member`."""

import io
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from members.models import Member

pytestmark = pytest.mark.django_db


def made(*arguments):
    output = StringIO()
    call_command("create_member", *arguments, stdout=output)
    return output.getvalue()


def test_an_account_with_its_role():
    printed = made("Ida@Example.org", "Ida Idris", "--role", "administrator")
    member = Member.objects.get()
    assert (member.email, member.handle, member.primary_role) == (
        "ida@example.org",
        "ida-idris",
        "administrator",
    )
    assert not member.has_usable_password()
    assert "ida-idris" in printed


def test_the_password_comes_on_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("seven quiet herons wade\n"))
    made("ida@example.org", "Ida", "--password-stdin")
    assert Member.objects.get().check_password("seven quiet herons wade")


@pytest.mark.parametrize("typed", ["", "\n", "short\n", "password1234\n", "x" * 5_000])
def test_a_password_that_will_not_do_makes_no_account(monkeypatch, typed):
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    with pytest.raises(CommandError):
        made("ida@example.org", "Ida", "--password-stdin")
    assert not Member.objects.exists()


def test_what_is_taken_or_wrong_is_a_sentence(member):
    for arguments in (
        [member.email, "Again"],
        ["no address", "Ida"],
        ["ida@example.org", " "],
        ["ida@example.org", "Ida", "--handle", "Not One"],
        ["ida@example.org", "Ida", "--handle", member.handle],
    ):
        with pytest.raises(CommandError):
            made(*arguments)
    assert Member.objects.count() == 1
