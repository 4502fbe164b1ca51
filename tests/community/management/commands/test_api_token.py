"""`manage.py api_token`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from community.core.models import ApiToken
from community.core.tokens import authenticate

pytestmark = pytest.mark.django_db


def made(*arguments):
    output = StringIO()
    call_command("api_token", *arguments, stdout=output, stderr=StringIO())
    return output.getvalue()


def test_standard_output_is_the_token_alone(member):
    printed = made("--member", member.email.upper(), "--scope", "write", "--name", "bridge", "--days", "3")
    secret = printed.strip()
    assert printed == f"{secret}\n"
    assert authenticate(secret).member == member
    token = ApiToken.objects.get()
    assert (token.name, token.scopes) == ("bridge", ["read", "write"])


def test_it_reads_only_unless_told(member):
    made("--member", member.email)
    assert ApiToken.objects.get().scopes == ["read"]


@pytest.mark.parametrize("arguments", [["--member", "nobody@example.org"], ["--member", "no address"]])
def test_nobody_is_a_sentence(arguments):
    with pytest.raises(CommandError):
        made(*arguments)


def test_bad_values_are_a_sentence(member, applicant):
    for arguments in (["--days", "0"], ["--name", "  "]):
        with pytest.raises(CommandError):
            made("--member", member.email, *arguments)
    with pytest.raises(CommandError):
        made("--member", applicant.email)
    assert not ApiToken.objects.exists()
