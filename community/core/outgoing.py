"""The one place that opens connections to servers of others: https, public addresses, short, small, no redirects.

Names are checked where it counts, on the connected socket: what a name meant a moment before proves nothing.
"""

import ipaddress
import socket
import time
from collections.abc import Mapping
from typing import Any, Final

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 5.0
# Over the whole answer, however slowly it drips.
ANSWER_SECONDS: Final = 10.0
MAX_BYTES: Final = 1_000_000

_V6_PUBLIC: Final = ipaddress.ip_network("2000::/3")
_V6_NOT: Final = tuple(
    ipaddress.ip_network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
_V4_NOT: Final = tuple(ipaddress.ip_network(net) for net in ("192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4"))


# Everything that can go wrong with a request, for those who make one.
Failed = requests.RequestException


class NotPublic(requests.ConnectionError):
    """The name leads into a network that is nobody's business from here."""


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet.

    Stricter than `ipaddress`: 6to4, Teredo and NAT64 wrap private addresses; mapped ones are unwrapped (trust §4.7).
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        return ip in _V6_PUBLIC and not any(ip in net for net in _V6_NOT)
    return ip.is_global and not ip.is_multicast and not any(ip in net for net in _V4_NOT)


def may_reach(address: str) -> bool:
    """One's own machine may ask itself: without that nobody could try anything out."""
    return not settings.SITE_IS_HTTPS or is_public(address)


class _CheckedConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn())


class _CheckedTlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn())


class _CheckedPool(HTTPConnectionPool):
    ConnectionCls = _CheckedConnection


class _CheckedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _CheckedTlsConnection


def _checked(connected: socket.socket) -> socket.socket:
    """Nothing has been said to the other side yet."""
    if may_reach(connected.getpeername()[0]):
        return connected
    connected.close()
    raise NotPublic("not a public address")


class _Guard(HTTPAdapter):
    """Checks the address, limits what is read, and follows nothing."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _CheckedPool, "https": _CheckedTlsPool}

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        if settings.SITE_IS_HTTPS and not (request.url or "").startswith("https://"):
            raise NotPublic("not https")
        began = time.monotonic()
        response = super().send(
            request,
            stream=True,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            verify=True,
            cert=None,
            proxies=None,
        )
        if response.is_redirect:
            response.close()
            raise requests.TooManyRedirects("redirected")
        body = bytearray()
        for piece in response.iter_content(16_384):
            body += piece
            if len(body) > MAX_BYTES or time.monotonic() - began > ANSWER_SECONDS:
                response.close()
                raise requests.ConnectionError("too much or too slow")
        # What `requests` would have kept itself, had it read the answer.
        response._content = bytes(body)
        response._content_consumed = True
        return response


def session() -> requests.Session:
    """A session whose every request keeps these limits, and which knows no proxy, password or cookie of the machine."""
    made = requests.Session()
    made.trust_env = False
    made.max_redirects = 0
    made.mount("http://", _Guard(max_retries=0))
    made.mount("https://", _Guard(max_retries=0))
    return made
