"""The request as views behind the closed door receive it: with a member, never with a stranger."""

from django.http import HttpRequest
from rest_framework.request import Request

from members.models import Member


class MemberRequest(HttpRequest):
    """For type checking: `LoginRequiredMiddleware` has let only signed-in people through."""

    user: Member


class ApiRequest(Request):
    """For type checking: the permission `IsAdmitted` has let only members through."""

    user: Member
