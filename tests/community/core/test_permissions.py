"""A decision is true or false, and the false one says why."""

import pytest

from community.core.errors import Refused
from community.core.permissions import ALLOWED, Allowed, Denied, require


def test_allowed_is_true_and_denied_is_false():
    assert ALLOWED
    assert Allowed() == ALLOWED
    assert not Denied("Because.")


def test_the_first_denial_of_a_chain_gives_the_reason():
    assert (Denied("first") and Denied("second")) == Denied("first")
    assert (ALLOWED and Denied("second")) == Denied("second")


def test_requiring_passes_on_the_reason():
    require(ALLOWED)
    with pytest.raises(Refused, match="Ask a manager") as refusal:
        require(Denied("Ask a manager."))
    assert refusal.value.status == 403
