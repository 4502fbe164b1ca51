"""Requests to servers of others: only to the public internet, small, short, and never led on to somewhere else."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from community.core import outgoing
from community.core.outgoing import is_public

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
    "::ffff:8.8.8.8",
]
NOT_PUBLIC = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808",
    "2002:7f00:1::", "2002:808:808::", "2001::1", "2001:db8::1", "3fff::1", "5f00::1", "fc00::1", "fd12::1", "fe80::1",
    "fe80::1%eth0", "fec0::1", "ff02::1", "", "localhost", "2130706433", "0x7f000001", "127.1", "8.8.8.8/32",
]  # fmt: skip


@contextmanager
def serving(answer) -> Iterator[str]:
    """A server whose every GET is answered by `answer(handler)`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_words: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_public_internet(address):
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_addresses_that_are_nobody_s_business(address):
    assert not is_public(address)


def test_a_small_answer_is_read():
    def answer(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b'{"a": 1}')

    with serving(answer) as url, outgoing.session() as session:
        assert session.get(url).json() == {"a": 1}


def test_redirects_are_not_followed():
    def answer(handler):
        handler.send_response(302)
        handler.send_header("Location", "/elsewhere")
        handler.end_headers()

    with serving(answer) as url, outgoing.session() as session, pytest.raises(outgoing.Failed):
        session.get(url)


def test_an_answer_beyond_a_megabyte_is_dropped():
    def answer(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            for _piece in range(40):
                handler.wfile.write(b"x" * 100_000)
        except OSError:
            # Hung up on, as it should be.
            return

    with serving(answer) as url, outgoing.session() as session, pytest.raises(outgoing.Failed):
        session.get(url)


def test_an_answer_that_drips_is_given_up(monkeypatch):
    monkeypatch.setattr(outgoing, "READ_SECONDS", 0.2)

    def answer(handler):
        handler.send_response(200)
        handler.end_headers()
        threading.Event().wait(1)

    with serving(answer) as url, outgoing.session() as session, pytest.raises(outgoing.Failed):
        session.get(url)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_public_place_says_not_a_word_to_its_own_network(settings, name):
    settings.SITE_IS_HTTPS = True
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)

        def listen() -> None:
            try:
                connected, _address = listening.accept()
            except OSError:
                return
            with connected:
                connected.settimeout(2)
                heard.append(connected.recv(1))

        thread = threading.Thread(target=listen)
        thread.start()
        with outgoing.session() as session, pytest.raises(outgoing.Failed, match="not a public address"):
            session.get(f"https://{name}:{listening.getsockname()[1]}/")
        thread.join(timeout=6)
    assert heard in ([b""], [])


def test_a_public_place_asks_over_https_only(settings):
    settings.SITE_IS_HTTPS = True
    with outgoing.session() as session, pytest.raises(outgoing.NotPublic):
        session.get("http://93.184.216.34/")
