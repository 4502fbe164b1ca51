"""Sealing secrets that the site must be able to read again: of second factors, and of companies' sign-in."""

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def seal(text: str) -> str:
    """Unreadable in a stolen backup: the key is not in the database."""
    return _keys().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed. Raises `cryptography.fernet.InvalidToken` where the key it was sealed with is gone."""
    return _keys().decrypt(sealed.encode()).decode()


def _keys() -> MultiFernet:
    """Made from `SECRET_KEY` and its fallbacks: changing the key does not lock anybody out."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_digest(key))) for key in keys])


def _digest(key: str) -> bytes:
    return hashlib.sha256(b"trefoil second factor " + key.encode()).digest()
