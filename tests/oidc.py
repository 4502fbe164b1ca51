"""A small OpenID Connect provider of a made-up company, which can be told to lie."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.servers import Quiet, serving

CLIENT_ID = "trefoil at the company"
CLIENT_SECRET = "told to nobody but the two"


@cache
def key_number(number: int) -> rsa.RSAPrivateKey:
    """Making one takes a second, so tests share them."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Company:
    """Whom it signs in, and how it bends the truth: `bend` gets the claims before they are signed."""

    issuer: str = ""
    person: dict[str, Any] = field(
        default_factory=lambda: {
            "sub": "person-1",
            "email": "ada@company.example",
            "email_verified": True,
            "name": "Ada Able",
        }
    )
    bend: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    algorithm: str = "RS256"
    # What is told of itself; changed by tests that set another issuer or address.
    said: dict[str, Any] = field(default_factory=dict)
    keeps_key: bool = True
    asked: list[str] = field(default_factory=list)
    _key: rsa.RSAPrivateKey = field(default_factory=lambda: key_number(1))
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        } | self.said

    def keys(self) -> dict[str, Any]:
        public = json.loads(RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [public | {"kid": "key-1", "use": "sig", "alg": "RS256"}]}

    def authorize(self, query: dict[str, str]) -> str:
        """Signs the person in without asking; a real one would ask. Returns where the browser goes back to."""
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert query["client_id"] == CLIENT_ID
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        """The identity token for a code: once, and only for who began, with the proof of having begun."""
        asked = self._codes.pop(form.get("code", ""), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if asked is None or proof.decode().rstrip("=") != asked["code_challenge"]:
            return None
        if form.get("client_secret") != CLIENT_SECRET or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked.get("nonce", ""),
        } | self.person
        key: Any = self._key if self.keeps_key else key_number(2)
        if self.algorithm == "HS256":
            key = CLIENT_SECRET * 2
        if self.algorithm == "none":
            key = None
        signed = jwt.encode(self.bend(claims), key, algorithm=self.algorithm, headers={"kid": "key-1"})
        return {"access_token": "of no use", "token_type": "Bearer", "id_token": signed}


@contextmanager
def running_company() -> Iterator[Company]:
    """The provider on a port of its own."""
    company = Company()

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            company.asked.append(parts.path)
            match parts.path:
                case "/.well-known/openid-configuration":
                    self.answer(company.configuration())
                case "/keys":
                    self.answer(company.keys())
                case "/authorize":
                    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                    self.send_response(302)
                    self.send_header("Location", company.authorize(query))
                    self.end_headers()
                case "/elsewhere":
                    self.send_response(302)
                    self.send_header("Location", f"{company.issuer}/keys")
                    self.end_headers()
                case _:
                    self.answer({}, 404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            token = company.token(form)
            self.answer(token or {"error": "invalid_grant"}, 200 if token else 400)

        def answer(self, said: dict[str, Any], status: int = 200) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as company.issuer:
        yield company
