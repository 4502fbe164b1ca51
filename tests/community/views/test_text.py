import pytest

from community.core.text import MAX_SOURCE, render

pytestmark = pytest.mark.django_db

PREVIEW = "/text/preview/"


@pytest.mark.parametrize("source_format", ["markdown", "html"])
def test_a_text_is_shown_as_readers_will_see_it(web, source_format):
    source = "# a\n\n<b onclick=x>b</b> *c*"
    answer = web.post(PREVIEW, {"source": source, "source_format": source_format})
    assert answer.json() == {"html": render(source, source_format).html}


def test_strangers_are_sent_to_sign_in(client):
    answer = client.post(PREVIEW, {"source": "a"})
    assert answer.status_code == 302
    assert "/accounts/login/" in answer["Location"]


def test_it_is_not_for_reading(web):
    assert web.get(PREVIEW).status_code == 405


def test_an_overlong_text_is_refused_with_a_sentence(web):
    answer = web.post(PREVIEW, {"source": "x" * (MAX_SOURCE + 1)})
    assert answer.status_code == 422
    assert b"Shorten it" in answer.content


def test_nothing_is_nothing(web):
    assert web.post(PREVIEW).json() == {"html": ""}
