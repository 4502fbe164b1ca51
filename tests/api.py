"""A program that uses the API with a token of its member."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from community.core.models import Scope
from community.core.tokens import create_token
from members.models import Member


class Program:
    """`get("topics/")` and the like below /api/v1/; bodies are sent as JSON."""

    def __init__(self, member: Member | None, scope: Scope = Scope.WRITE) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers: dict[str, str] = {}
        if member is not None:
            secret = create_token(member, by=None, name="tests", scope=scope).secret
            self.headers["Authorization"] = f"Bearer {secret}"

    def get(self, path: str) -> HttpResponse:
        return self.send("GET", path)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None) -> HttpResponse:
        return self.send("PATCH", path, body)

    def delete(self, path: str) -> HttpResponse:
        return self.send("DELETE", path)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        address = path if path.startswith(("/", "http")) else f"/api/v1/{path}"
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method,
            address,
            data,
            content_type="application/json" if data else "",
            headers=self.headers | names,
        )
