"""The card: escaped and folded as RFC 6350 wants it, with what the reader may see."""

from datetime import date

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from members.actions.fact import FactChange, set_facts
from members.actions.profile import start_employment
from members.models import Visibility
from members.vcard import Card, write_vcard
from tests.factories import make_organisation

NOW = "20261122T020000Z"


def lines(text):
    assert text.endswith("\r\n")
    return text[:-2].split("\r\n")


def unfolded(text):
    return text.replace("\r\n ", "").split("\r\n")


def test_a_card_as_the_standard_has_it():
    card = Card(
        name="Ann Lee",
        url="https://example.org/members/ann/",
        title="Head; pricing, tests",
        organisation="A\\B",
        note="One\nTwo",
        place="Oslo",
        birthday="02-29",
        languages=["en", "de"],
        links=["https://a.example/x,y;z"],
        topics=["pricing", "a,b"],
    )
    assert lines(write_vcard(card, revision=NOW)) == [
        "BEGIN:VCARD",
        "VERSION:4.0",
        "FN:Ann Lee",
        "N:Lee;Ann;;;",
        "TITLE:Head\\; pricing\\, tests",
        "ORG:A\\\\B",
        "ADR:;;;Oslo;;;",
        "BDAY:--0229",
        "LANG;PREF=1:en",
        "LANG;PREF=2:de",
        "URL:https://example.org/members/ann/",
        "URL:https://a.example/x,y;z",
        "CATEGORIES:pricing,a\\,b",
        "NOTE:One\\nTwo",
        f"REV:{NOW}",
        "END:VCARD",
    ]


def test_one_name_alone():
    assert "N:Plato;;;;" in lines(write_vcard(Card(name="Plato", url="u"), revision=NOW))


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_begins_a_line_of_its_own(name, note):
    text = write_vcard(Card(name=name, url="https://example.org/", note=note), revision=NOW)
    for line in lines(text):
        assert len(line.encode("utf-8", "surrogatepass")) <= 75
    names = [line.partition(":")[0] for line in unfolded(text)[:-1]]
    assert names == ["BEGIN", "VERSION", "FN", "N", "URL", *(["NOTE"] if note else []), "REV", "END"]


def test_long_words_are_folded_between_characters():
    text = write_vcard(Card(name="ü" * 100, url="u"), revision=NOW)
    assert f"FN:{'ü' * 100}" in unfolded(text)


@pytest.mark.django_db
def test_the_card_of_a_person_holds_what_the_reader_sees(web, other_member):
    start_employment(
        other_member, make_organisation("Northwind"), by=None, title="Buyer", from_date=date(2024, 1, 1)
    )
    set_facts(
        other_member,
        {
            "place": FactChange(["Oslo"]),
            "birthday": FactChange(["05-04"]),
            "biography": FactChange(["Kept"], Visibility.FOLLOWED_BACK),
            "languages": FactChange(["English"]),
        },
        by=other_member,
    )
    answer = web.get(reverse("member_vcard", args=[other_member.handle]))
    assert answer["Content-Type"] == "text/vcard; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="oskar-other.vcf"'
    text = answer.content.decode()
    assert {"FN:Oskar Other", "TITLE:Buyer", "ORG:Northwind", "ADR:;;;Oslo;;;", "LANG;PREF=1:en"} <= set(
        lines(text)
    )
    for hidden in ("Kept", "BDAY", "EMAIL", "@example"):
        assert hidden not in text
