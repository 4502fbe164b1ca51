"""The pages of people."""

from datetime import date

import pytest
from django.urls import reverse

from community.core.models import Activity
from community.core.verbs import Verb
from members.actions.fact import FactChange, set_facts
from members.actions.profile import start_employment
from members.models import Employment, Member
from tests.factories import make_deactivated_member, make_member, make_organisation

pytestmark = pytest.mark.django_db


def employ(person, company, title, since=date(2024, 1, 1)):
    return start_employment(person, make_organisation(company), by=None, title=title, from_date=since)


def say(person, **facts):
    return set_facts(person, {key: FactChange([words]) for key, words in facts.items()}, by=person)


def test_member_show_says_who_it_is(web, other_member):
    say(other_member, biography="Twenty years\n<b>of</b> buying.", place="Oslo")
    employ(other_member, "Northwind", "Buyer")
    html = web.get(reverse("member_show", args=[other_member.handle])).content.decode()
    assert "Buyer, Northwind" in html
    assert "&lt;b&gt;of&lt;/b&gt;" in html
    assert "Edit profile" not in html


def test_people_who_left_are_not_there_and_applicants_see_nobody(web, client_as, applicant, other_member):
    left = make_deactivated_member("Left Alone")
    assert web.get(reverse("member_show", args=[left.handle])).status_code == 404
    assert web.get(reverse("member_show", args=["nobody"])).status_code == 404
    waiting = client_as(applicant).get(reverse("member_show", args=[other_member.handle]))
    assert waiting.status_code == 302
    assert waiting["Location"].startswith(reverse("application_show"))


def test_member_list_finds_by_name_and_company(web):
    anna = make_member("Anna Åkesson")
    employ(anna, "Northwind", "Buyer")
    make_member("Bert Berg")
    for words in ("åkesson", "northwind", "anna buyer"):
        rows = web.get(reverse("member_list"), {"q": words}).context["members"]
        assert [row.display_name for row in rows] == ["Anna Åkesson"]


def test_member_list_pages_by_name_without_loss_or_double(web, member):
    names = {make_member(f"Person {number:03}").display_name for number in range(70)} | {member.display_name}
    seen: list[str] = []
    url = reverse("member_list")
    while url:
        response = web.get(url)
        seen += [row.display_name for row in response.context["members"]]
        url = response.context["older_url"]
    assert len(seen) == len(names)
    assert set(seen) == names


def test_profile_edit_saves_and_records_names_of_fields_only(web, member):
    data = {
        "display_name": "Mira M.",
        "time_zone": "Europe/Oslo",
        "biography": "Secret-ish",
        "links": "example.org",
    }
    assert web.post(reverse("profile_edit"), data).status_code == 302
    member.refresh_from_db()
    assert (member.display_name, member.time_zone) == ("Mira M.", "Europe/Oslo")
    assert member.facts.get(field__key="links").values == ["https://example.org"]
    row = Activity.objects.get(verb=Verb.PROFILE_EDITED)
    assert set(row.data["fields"]) == {"display_name", "time_zone", "biography", "links"}
    assert "Secret" not in str(row.data)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", " \u200b"),
        ("time_zone", "Mars/Olympus"),
        ("links", "javascript:alert(1)"),
        ("biography", "x" * 2001),
    ],
)
def test_profile_edit_keeps_what_was_typed_when_something_is_wrong(web, field, value):
    data = {"display_name": "Mira", "time_zone": "UTC", "place": "A kept place"} | {field: value}
    response = web.post(reverse("profile_edit"), data)
    assert response.status_code == 422
    assert b"A kept place" in response.content


def test_a_new_employer_ends_the_one_before_and_keeps_the_account(member):
    employ(member, "First", "Buyer", date(2020, 1, 1))
    employ(member, "Second", "Head", date(2022, 5, 1))
    ends = Employment.objects.filter(member=member).order_by("pk").values_list("until_date", flat=True)
    assert list(ends) == [date(2022, 5, 1), None]
    assert Member.objects.get(pk=member.pk).headline == "Head, Second"
