"""Who is asking: a token in the header, or the browser's own session with its CSRF token."""

from typing import Any

from django.contrib.auth import get_backends
from django.utils.translation import gettext as _
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from community.core.models import ApiToken
from community.core.tokens import authenticate


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer trf_…`. The member comes from the same loader as a session's member.

    So a deactivated account, an ended role and a revoked token hold from the next request on (promise P6).
    """

    def authenticate(self, request: Request) -> tuple[Any, ApiToken] | None:
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _space, secret = header.partition(" ")
        token = authenticate(secret.strip()) if scheme.lower() == "bearer" else None
        member = None if token is None else get_backends()[0].get_user(token.member_id)
        if token is None or member is None:
            raise exceptions.AuthenticationFailed(
                _(
                    "This token is not valid: mistyped, revoked or past its end. Make a new one on your token page."
                )
            )
        return member, token

    def authenticate_header(self, request: Request) -> str:
        """Makes the answer to strangers a 401 instead of a 403."""
        return "Bearer"


class SessionAuthentication(authentication.SessionAuthentication):
    """The pages' own scripts. What changes something needs the CSRF token, as a form does."""

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as error:
            raise exceptions.PermissionDenied(
                _(
                    "A browser's session changes things only with its CSRF token. Programs use a token instead."
                )
            ) from error
