"""A door in front of Redis that can be slow, silent or shut: what a network does on a bad day."""

import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import unquote, urlsplit


class Proxy:
    """Forwards connections on 127.0.0.1 to a redis:// or unix:// server, in a thread for each.

    `delay` holds back each answer by seconds; `silent` swallows what comes and answers nothing; `shut` refuses.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream)
        self.delay = 0.0
        self.silent = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, database: int) -> str:
        return f"redis://127.0.0.1:{self.port}/{database}"

    def shut(self) -> None:
        """As when the server dies: what is open breaks, and nobody answers the door."""
        self._closed = True
        # Without it the thread in accept() would let one more in.
        self._break(self._listener)
        for one in list(self._open):
            self._break(one)

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        server = self._connect()
        self._open |= {client, server}
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            try:
                while True:
                    for key, _events in selector.select():
                        data = key.fileobj.recv(65536)
                        if not data:
                            return
                        if self.silent:
                            continue
                        if key.fileobj is server and self.delay:
                            time.sleep(self.delay)
                        key.data.sendall(data)
            except OSError:
                return
            finally:
                self._break(client)
                self._break(server)

    def _connect(self) -> socket.socket:
        if self.upstream.scheme == "unix":
            server = socket.socket(socket.AF_UNIX)
            server.connect(unquote(self.upstream.path))
            return server
        return socket.create_connection((self.upstream.hostname, self.upstream.port or 6379))

    def _break(self, one: socket.socket) -> None:
        self._open.discard(one)
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@contextmanager
def proxy_to(upstream: str) -> Iterator[Proxy]:
    proxy = Proxy(upstream)
    try:
        yield proxy
    finally:
        proxy.shut()
