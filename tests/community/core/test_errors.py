"""Three refusals, each with a status and a sentence."""

import pytest

from community.core.errors import Conflict, DomainError, Invalid, Refused


@pytest.mark.parametrize(("kind", "status"), [(Refused, 403), (Invalid, 422), (Conflict, 409)])
def test_each_has_its_status_and_carries_its_sentence(kind, status):
    error = kind("A sentence.", fields={"title": ("one", "two")})
    assert isinstance(error, DomainError)
    assert (error.status, error.sentence, str(error)) == (status, "A sentence.", "A sentence.")
    assert error.fields == {"title": ["one", "two"]}
    assert kind("Another.").fields == {}
