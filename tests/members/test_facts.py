"""Facts of a profile: what fits into which field, who sees which, where they are from, and the fields themselves."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity
from community.core.verbs import Verb
from members.actions.fact import (
    FactChange,
    FactFieldChange,
    built_in_fields,
    clean_values,
    confirm_facts,
    create_fact_field,
    edit_fact_field,
    restore_fact_field,
    retire_fact_field,
    set_facts,
)
from members.actions.tie import follow_member
from members.models import Fact, FactField, FactKind, FactSource, Member, Visibility
from members.queries.facts import SeenBy, facts_for, facts_of
from members.queries.profile import profile_gap
from tests.api import Program
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def say(person, visibility=None, by=None, source=FactSource.SELF, **facts):
    changes = {
        key: FactChange([words] if isinstance(words, str) else words, visibility)
        for key, words in facts.items()
    }
    return set_facts(person, changes, by=by or person, source=source)


def said(person):
    return dict(person.facts.values_list("field__key", "values"))


def seen(person, reader, as_seen_by=None):
    return {fact.key for fact in facts_for(person, reader, as_seen_by)}


# --- what fits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "values", "stored"),
    [
        ("place", ["  New \u200b York "], ["New York"]),
        ("biography", ["One.\r\n\r\nTwo. "], ["One.\n\nTwo."]),
        ("biography", [" \n\u200b "], []),
        ("languages", ["English, Deutsch, en"], ["en", "de"]),
        ("languages", ["français", "Arabic"], ["fr", "ar"]),
        ("sector", ["Automotive"], ["Automotive"]),
        ("helps_topics", ["Pricing, audits,, PRICING "], ["pricing", "audits"]),
        ("links", ["HTTPS://example.org/a", "example.org/a"], ["https://example.org/a"]),
        ("links", ["example.org", "", "http://a.example/"], ["https://example.org", "http://a.example/"]),
        ("birthday", ["02-29"], ["02-29"]),
    ],
)
def test_what_is_stored(member, key, values, stored):
    assert clean_values(built_in_fields()[key], values) == stored


@pytest.mark.parametrize(
    ("key", "values", "words"),
    [
        ("place", ["Oslo", "Bergen"], "one value"),
        ("place", ["x" * 121], "120 are the most"),
        ("biography", ["x" * 2001], "2000 are the most"),
        ("languages", ["Klingon"], "not a language known here"),
        ("sector", ["Alchemy"], "Choose from the list"),
        ("helps_topics", [", ".join(f"word {n}" for n in range(13))], "12 topics at most"),
        ("helps_topics", ["x" * 61], "too long for a topic"),
        ("links", ["javascript:alert(1)"], "not the address of a web page"),
        ("links", ["ftp://example.org"], "not the address of a web page"),
        ("links", [f"https://example.org/{'a' * 300}"], "too long"),
        ("links", [f"https://example.org/{n}" for n in range(6)], "5 links are the most"),
        ("birthday", ["02-30"], "no such day"),
        ("birthday", ["05-"], "day and a month"),
        ("birthday", ["1980-05-01"], "day and a month"),
        ("nonsense", ["x"], "no such field"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(member, key, values, words):
    with pytest.raises(Invalid, match=words) as caught:
        say(member, **{key: values})
    assert list(caught.value.fields) == [key]
    assert not Fact.objects.exists()


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_stored(member):
    with pytest.raises(Invalid) as caught:
        say(member, place="Oslo", languages="Klingon", birthday="02-30")
    assert set(caught.value.fields) == {"languages", "birthday"}
    assert said(member) == {}


def test_where_nobody_can_be_asked_what_does_not_fit_is_left_out(member):
    say(member, by=None, source=FactSource.APPLICATION, place="Oslo", languages="Klingon", unknown="x")
    assert said(member) == {"place": ["Oslo"]}
    assert member.facts.get().source == FactSource.APPLICATION


def test_a_number_and_some_of_several(manager, member):
    create_fact_field("team_size", FactFieldChange(label="Team", kind=FactKind.NUMBER), by=manager)
    choices = FactFieldChange(label="Tools", kind=FactKind.CHOICES, choices=["A", "B", "C"])
    row = create_fact_field("tools", choices, by=manager)
    say(member, team_size="12.5", tools=["A", "C"])
    assert said(member) == {"team_size": ["12.5"], "tools": ["A", "C"]}
    with pytest.raises(Invalid, match="takes a number"):
        say(member, team_size="a dozen")
    edit_fact_field(row, FactFieldChange(label="Tools", choices=["B", "C"]), by=manager)
    say(member, tools=["A", "C"])
    with pytest.raises(Invalid, match="Choose from the list"):
        say(member, tools=["A"])


# --- saying, confirming, correcting ------------------------------------------------------------------------------


def test_saying_is_recorded_by_name_and_never_by_value(member):
    say(member, place="Secret place", sector="Automotive")
    row = Activity.objects.get(verb=Verb.PROFILE_EDITED)
    assert set(row.data["fields"]) == {"place", "sector"}
    assert "Secret" not in str(row.data)
    say(member, place="Secret place")
    assert Activity.objects.filter(verb=Verb.PROFILE_EDITED).count() == 1, "nothing changed"
    say(member, place=[])
    assert said(member) == {"sector": ["Automotive"]}


def test_visibility_begins_with_the_field_s_and_stays_until_it_is_changed(member):
    say(member, birthday="05-04", place="Oslo")
    assert member.facts.get(field__key="birthday").visibility == Visibility.ONLY_ME
    say(member, Visibility.FOLLOWED_BACK, place="Oslo")
    say(member, place="Bergen")
    assert member.facts.get(field__key="place").visibility == Visibility.FOLLOWED_BACK


def test_a_manager_s_correction_says_so(member, other_member, manager):
    say(member, place="Oslo")
    with pytest.raises(Refused):
        say(member, by=other_member, place="Bergen")
    say(member, by=manager, place="Bergen")
    assert member.facts.get().source == FactSource.MANAGER
    assert Activity.objects.filter(verb=Verb.PROFILE_EDITED).latest("id").actor == manager
    say(member, place="Oslo")
    assert member.facts.get().source == FactSource.SELF


def test_only_the_person_confirms(web, member, manager):
    say(member, by=None, source=FactSource.COMPANY, place="Oslo")
    Fact.objects.update(confirmed_at=timezone.now() - timedelta(days=12))
    page = web.get(reverse("member_show", args=[member.handle])).content.decode()
    assert "From the company, confirmed 12 days ago" in page
    with pytest.raises(Conflict):
        confirm_facts(member, by=manager)
    assert web.post(reverse("profile_confirm")).status_code == 302
    fact = member.facts.get()
    assert (fact.source, fact.confirmed_at.date()) == (FactSource.COMPANY, timezone.now().date())


# --- who sees what -----------------------------------------------------------------------------------------------


@pytest.fixture
def kept(other_member):
    """Somebody with a fact of each visibility."""
    say(other_member, Visibility.ONLY_ME, place="zqonlymeqz")
    say(other_member, Visibility.FOLLOWED_BACK, biography="zqfollowedqz")
    say(other_member, Visibility.MEMBERS, can_help_with="zqmembersqz")
    return other_member


def test_one_resolver_decides(kept, member, manager, administrator, applicant):
    assert seen(kept, kept) == {"place", "biography", "can_help_with"}
    assert seen(kept, applicant) == seen(kept, None) == set()
    for reader in (member, manager, administrator):
        assert seen(kept, reader) == {"can_help_with"}
    follow_member(kept, by=member)
    assert seen(kept, member) == {"can_help_with"}, "a follower is not somebody I follow back"
    follow_member(member, by=kept)
    assert seen(kept, member) == {"biography", "can_help_with"}


def test_the_preview_shows_what_the_other_sees(kept, member, client_as):
    assert seen(kept, kept, SeenBy.MEMBER) == seen(kept, member) == seen(kept, kept, SeenBy.MANAGER)
    assert seen(kept, kept, SeenBy.FOLLOWED_BACK) == {"biography", "can_help_with"}
    assert seen(kept, member, SeenBy.FOLLOWED_BACK) == set(), "nobody previews somebody else"
    browser = client_as(kept)
    for reader, words in {
        "member": {"zqmembersqz"},
        "followed_back": {"zqmembersqz", "zqfollowedqz"},
        "manager": {"zqmembersqz"},
        "nonsense": {"zqmembersqz"},
    }.items():
        page = browser.get(reverse("profile_preview"), {"as": reader}).content.decode()
        assert {word for word in ("zqonlymeqz", "zqfollowedqz", "zqmembersqz") if word in page} == words


@pytest.mark.parametrize("role", ["member", "manager", "administrator"])
def test_what_is_kept_is_on_no_way_out(kept, role, client_as):
    reader = make_member(role=role)
    browser = client_as(reader)
    answers = [
        browser.get(reverse("member_show", args=[kept.handle])),
        browser.get(reverse("member_vcard", args=[kept.handle])),
        browser.get(reverse("member_list")),
        browser.get(reverse("search"), {"q": "zqonlymeqz"}),
        Program(reader).get(f"members/{kept.pk}/"),
        Program(reader).get("members/"),
    ]
    text = "".join(answer.content.decode() for answer in answers)
    assert "zqmembersqz" in text
    assert "zqfollowedqz" not in text
    # The search page says again what was asked for.
    assert "zqonlymeqz" not in "".join(
        answer.content.decode()
        for answer in answers
        if "zqonlymeqz" not in answer.wsgi_request.get_full_path()
    )


def test_followed_back_reaches_page_api_and_card(kept, member, client_as):
    follow_member(kept, by=member)
    follow_member(member, by=kept)
    browser = client_as(member)
    for answer in (
        browser.get(reverse("member_show", args=[kept.handle])),
        browser.get(reverse("member_vcard", args=[kept.handle])),
        Program(member).get(f"members/{kept.pk}/"),
    ):
        assert "zqfollowedqz" in answer.content.decode()
        assert "zqonlymeqz" not in answer.content.decode()


def test_facts_of_many_people_are_one_query(member):
    people = [make_member() for _number in range(20)]
    for person in people:
        say(person, place="Oslo")
    with CaptureQueriesContext(connection) as captured:
        found = facts_of([person.pk for person in people], member)
    assert len(found) == 20
    assert len(captured) == 1


def test_the_page_costs_the_same_with_one_fact_and_with_ten(web, member, other_member):
    address = reverse("member_show", args=[other_member.handle])
    say(other_member, place="Oslo")
    web.get(address)
    with CaptureQueriesContext(connection) as few:
        web.get(address)
    say(other_member, sector="Automotive", languages="English", links="example.org", helps_topics="a, b, c")
    with CaptureQueriesContext(connection) as many:
        web.get(address)
    assert len(few) == len(many)
    assert len(many) <= 10


# --- the pages ----------------------------------------------------------------------------------------------------


def test_the_form_saves_values_and_who_sees_them(web, member, manager):
    choices = FactFieldChange(label="Tools", kind=FactKind.CHOICES, choices=["A", "B", "C"])
    create_fact_field("tools", choices, by=manager)
    data = {
        "display_name": "Mira",
        "time_zone": "UTC",
        "languages": "English, Deutsch",
        "links": "https://a.example/\nb.example",
        "birthday_0": "29",
        "birthday_1": "02",
        "tools_0": "A",
        "tools_2": "C",
        "place": "Oslo",
        "place_visibility": "followed_back",
    }
    assert web.post(reverse("profile_edit"), data).status_code == 302
    assert said(member) == {
        "place": ["Oslo"],
        "languages": ["en", "de"],
        "links": ["https://a.example/", "https://b.example"],
        "birthday": ["02-29"],
        "tools": ["A", "C"],
    }
    assert member.facts.get(field__key="place").visibility == Visibility.FOLLOWED_BACK
    page = web.get(reverse("profile_edit")).content.decode()
    assert 'value="English, German"' in page
    data |= {"languages": "Klingon", "biography": "Kept words", "birthday_0": "", "birthday_1": ""}
    response = web.post(reverse("profile_edit"), data)
    assert response.status_code == 422
    for words in ("not a language known here", "Klingon", "Kept words"):
        assert words in response.content.decode()
    del data["tools_0"], data["tools_2"]
    data |= {"languages": "", "tools_visibility": "members"}
    web.post(reverse("profile_edit"), data)
    assert set(said(member)) == {"place", "links", "biography"}


def test_what_is_missing_is_said_once_a_month_and_by_what_it_costs(web, member):
    address = reverse("member_show", args=[member.handle])
    assert "could find you" not in web.get(address).content.decode(), "nobody would be found by it"
    for _number in range(3):
        say(make_member(), looks_topics="pricing", sector="Automotive")
    assert "3 people are looking for help" in web.get(address).content.decode()
    assert "are looking for help" not in web.get(address).content.decode()
    say(member, helps_topics="pricing")
    assert profile_gap(member) == "Add your sector: 3 people who named theirs could find you."


# --- fields -------------------------------------------------------------------------------------------------------


def test_fields_are_made_and_retired_by_managers(manager, member):
    change = FactFieldChange(label="Team")
    with pytest.raises(Refused):
        create_fact_field("team", change, by=member)
    row = create_fact_field("team", change, by=manager)
    assert Activity.objects.latest("id").verb == Verb.FACT_FIELD_EDITED
    say(member, team="Seven of us")
    retire_fact_field(row, by=manager)
    assert seen(member, member) == set()
    with pytest.raises(Invalid):
        say(member, team="x")
    with pytest.raises(Conflict):
        retire_fact_field(row, by=manager)
    restore_fact_field(row, by=manager)
    assert seen(member, member) == {"team"}


@pytest.mark.parametrize(
    "key", ["", "Ü", "9lives", "a-b", "display_name", "company", "place_visibility", "x" * 41]
)
def test_a_key_that_cannot_be_is_refused(manager, key):
    with pytest.raises(Invalid):
        create_fact_field(key, FactFieldChange(label="Team"), by=manager)


def test_what_a_field_needs(manager):
    for change in (
        FactFieldChange(label=" "),
        FactFieldChange(label="Tools", kind=FactKind.CHOICE, choices=["one"]),
        FactFieldChange(label="Tools", kind=FactKind.CHOICE, choices=["a", "x" * 81]),
    ):
        with pytest.raises(Invalid):
            create_fact_field("tools", change, by=manager)
    with pytest.raises(Conflict):
        create_fact_field("place", FactFieldChange(label="Place"), by=manager)
    with pytest.raises(Conflict, match="belongs to every profile"):
        retire_fact_field(built_in_fields()["place"], by=manager)


def test_the_fields_of_every_community_are_there_and_made_once():
    FactField.objects.filter(key="sector").delete()
    first = built_in_fields()
    with CaptureQueriesContext(connection) as captured:
        assert built_in_fields() == first
    assert len(captured) == 1
    assert [row.key for row in FactField.objects.all()] == [
        *("biography", "place", "languages", "sector", "helps_topics", "can_help_with"),
        *("looks_topics", "looks_for", "links", "birthday"),
    ]


# --- the API ------------------------------------------------------------------------------------------------------


def test_one_s_own_facts_are_changed_over_the_api(member):
    program = Program(member)
    body = {"facts": [{"key": "place", "values": ["Oslo"], "visibility": "only_me"}], "display_name": "M."}
    row = program.patch("members/me/", body).json()
    assert row["display_name"] == "M."
    assert [(fact["key"], fact["values"], fact["visibility"]) for fact in row["facts"]] == [
        ("place", ["Oslo"], "only_me")
    ]
    answer = program.patch("members/me/", {"facts": [{"key": "place", "values": ["a", "b"]}]})
    assert answer.status_code == 409
    assert list(answer.json()["fields"]) == ["place"]
    assert program.patch("members/me/", {"facts": [{"key": "place", "values": []}]}).json()["facts"] == []
    assert program.patch("members/me/", {"headline": "x"}).status_code == 400


# --- the move out of the old table ---------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_profiles_became_facts_and_can_become_profiles_again():
    before, after = ("members", "0006_identity_providers"), ("members", "0008_remove_profile")
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    member = make_member("Mira")
    say(member, biography="Words", links="https://example.org/")
    say(member, Visibility.ONLY_ME, place="Kept")
    try:
        MigrationExecutor(connection).migrate([before])
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT biography, place, website FROM members_profile WHERE member_id = %s", [member.pk]
            )
            assert cursor.fetchone() == ("Words", "", "https://example.org/")
            cursor.execute("UPDATE members_profile SET looks_for = 'A mentor'")
        MigrationExecutor(connection).migrate([after])
        assert said(member) == {
            "biography": ["Words"],
            "links": ["https://example.org/"],
            "place": ["Kept"],
            "looks_for": ["A mentor"],
        }
        assert member.facts.get(field__key="place").visibility == Visibility.ONLY_ME
    finally:
        MigrationExecutor(connection).migrate(latest)
    assert Member.objects.filter(pk=member.pk).exists()
