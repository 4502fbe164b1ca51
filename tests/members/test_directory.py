"""The directory: how words are made comparable, what an entry holds, who fits a search, what the page shows."""

import csv
import io
from datetime import date, timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from community.core.errors import Conflict, Refused
from community.core.models import Activity
from community.core.verbs import Verb
from discussions.actions.post import accept_answer
from discussions.models import forget_visible_spaces
from members.actions import directory
from members.actions.admission import admit_member
from members.actions.directory import (
    count_directory,
    rebuild_directory,
    refresh_company,
    refresh_directory_entry,
    refresh_field,
    tend_directory,
)
from members.actions.directory_export import export_directory
from members.actions.fact import (
    FactChange,
    FactFieldChange,
    create_fact_field,
    retire_fact_field,
    set_facts,
)
from members.actions.gate import default_tier
from members.actions.member import deactivate_member, reactivate_member
from members.actions.organisation import edit_organisation
from members.actions.profile import ProfileChange, edit_profile, start_employment
from members.actions.role import end_role
from members.actions.saved_search import delete_search, dismiss_suggestion, save_search
from members.directory import DirectorySearch, SavedParameters, facet_value, fold, lexemes_of, read_search
from members.models import (
    DirectoryEntry,
    DirectoryExport,
    DirectoryFacet,
    Expertise,
    Fact,
    Member,
    OrganisationKind,
    Role,
    SavedSearch,
    Tie,
    TieKind,
    Visibility,
)
from members.queries import directory as queries
from members.queries.suggestions import suggestions
from tests.api import Program
from tests.factories import PASSWORD, make_member, make_organisation, make_post, make_topic


def say(member, **facts):
    """Let a person state facts: `place="Oslo"`, `helps_topics=["pricing"]`."""
    changes = {key: FactChange([value] if isinstance(value, str) else value) for key, value in facts.items()}
    set_facts(member, changes, by=member)


def employ(member, company, title="Buyer"):
    return start_employment(member, company, by=None, title=title, from_date=date(2024, 1, 1))


def facets_of(member):
    ids = DirectoryEntry.objects.get(pk=member.pk).facets
    return {f"{row.key}:{row.value}" for row in DirectoryFacet.objects.filter(pk__in=ids)}


def found(reader, words="", *, is_new=False, **facets):
    search = DirectorySearch(words=words, facets={key: tuple(v) for key, v in facets.items()}, is_new=is_new)
    rows = DirectoryFacet.objects.all()
    ids = {key: [row.pk for row in rows if row.key == key and row.value in facets[key]] for key in facets}
    entries = DirectoryEntry.objects.visible_to(reader).matching(search, ids).in_order(search)
    return [entry.member.display_name for entry in entries.select_related("member")]


class TestWords:
    @pytest.mark.parametrize(
        ("text", "folded"),
        [
            ("Carmen Ibáñez", "carmen ibanez"),
            ("Straße", "strasse"),
            ("Łódź", "lodz"),
            ("SØREN", "soren"),
            ("İstanbul", "istanbul"),
            ("Ångström", "angstrom"),
            ("Ａｄａ", "ada"),
            ("ليلى", "ليلى"),
            ("김민준", "김민준"),
        ],
    )
    def test_case_and_accents_do_not_matter(self, text, folded):
        assert fold(text) == folded

    def test_words_fall_apart_where_people_expect_it(self):
        assert lexemes_of(["Anna-Lena O'Neil", "anna"]) == ["anna", "lena", "o", "neil"]

    def test_words_of_scripts_with_marks_stay_whole(self):
        assert lexemes_of(["हिन्दी"]) == ["हिन्दी"]

    def test_a_given_name_is_found_in_a_run_without_spaces(self):
        assert "太郎" in lexemes_of(["山田太郎"])

    @pytest.mark.parametrize("words", ["'", "a & b | !c", "\\", "':*", "<->", "   ", "x'||'y", "\u202e", "%"])
    def test_hostile_words_make_a_query_postgresql_takes(self, db, words):
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::tsquery", [DirectorySearch(words=words).tsquery])

    def test_a_search_reads_back_as_it_was_written(self):
        query = QueryDict(
            "q=anna&facet=place:Oslo&facet=place:Malm%C3%B6,place:oslo&facet=Bad!:x&new=1&sort=newest&after=3-x"
        )
        search = read_search(query)
        assert search.facets == {"place": ("oslo", "malmo")}
        assert search.query() == "q=anna&facet=place%3Aoslo&facet=place%3Amalmo&new=1&sort=newest"
        assert read_search(SavedParameters(search.query())) == search

    def test_values_are_bounded(self):
        many = "".join(f"&facet=place:p{n}" for n in range(99))
        query = QueryDict("q=" + "a" * 999 + "&facet=place:" + "b" * 999 + many)
        search = read_search(query)
        assert len(search.words) == 200
        assert len(search.facets["place"]) == 24
        assert max(map(len, search.facets["place"])) == 120

    def test_spellings_are_one_value(self):
        assert facet_value("  MALMÖ ") == facet_value("Malmo") == "malmo"


@pytest.mark.django_db
class TestEntry:
    def test_a_new_member_has_an_entry_and_an_applicant_has_none(self, member, applicant):
        assert DirectoryEntry.objects.get(pk=member.pk).sort_name == "mira member"
        assert not DirectoryEntry.objects.filter(pk=applicant.pk).exists()

    def test_facts_become_facets_and_words(self, member):
        say(
            member,
            place="Malmö",
            languages=["de", "sv"],
            helps_topics=["Pricing", "audits"],
            looks_topics=["PPA"],
        )
        assert facets_of(member) == {
            "place:malmo", "languages:de", "languages:sv", "helps_topics:pricing", "helps_topics:audits",
            "looks_topics:ppa",
        }  # fmt: skip
        assert DirectoryFacet.objects.get(key="languages", value="de").label == "Deutsch"
        entry = DirectoryEntry.objects.get(pk=member.pk)
        assert (entry.place, entry.helps) == ("Malmö", "pricing, audits")
        for words in ("malmo", "MALMÖ", "mira pri", "svenska", "audits member"):
            assert found(member, words) == ["Mira Member"]
        assert found(member, "mira paris") == []

    @pytest.mark.parametrize("visibility", [Visibility.ONLY_ME, Visibility.FOLLOWED_BACK])
    def test_what_not_all_members_may_see_is_in_no_entry(self, member, visibility):
        say(member, place="Narnia", biography="zqhidden", helps_topics=["zqtopic"])
        assert found(member, "zqhidden") == ["Mira Member"]
        changes = {
            key: FactChange(list(fact.values), visibility)
            for key, fact in ((fact.field.key, fact) for fact in Fact.objects.filter(member=member))
        }
        set_facts(member, changes, by=member)
        assert facets_of(member) == set()
        assert found(member, "zqhidden") == found(member, "narnia") == found(member, "zqtopic") == []
        entry = DirectoryEntry.objects.get(pk=member.pk)
        assert (entry.place, entry.helps) == ("", "")

    def test_an_employer_follows_with_its_kind(self, member):
        first, second = (
            make_organisation("Northwind"),
            make_organisation("Halden", kind=OrganisationKind.PARTNER),
        )
        employ(member, first)
        employ(member, second, "Head")
        assert facets_of(member) == {f"company:{second.slug}", "company_kind:partner"}
        assert found(member, "halden head") == ["Mira Member"]
        assert found(member, "northwind") == []

    def test_a_company_under_another_name_is_found_by_it(self, member, manager):
        company = make_organisation("Northwind")
        employ(member, company)
        edit_organisation(company, by=manager, name="Southwind", kind=OrganisationKind.CUSTOMER)
        assert refresh_company(company.pk) == 1
        assert found(member, "southwind") == ["Mira Member"]
        assert DirectoryFacet.objects.get(key="company").label == "Southwind"
        assert refresh_company(0) == 0

    def test_expert_labels_in_force_are_a_facet(self, member):
        label = Expertise.objects.create(
            member=member, topic="pricing", evidence="A talk.", review_due=timezone.now()
        )
        refresh_directory_entry(member.pk)
        assert facets_of(member) == {"expert:pricing"}
        label.ended_at = timezone.now()
        label.save()
        refresh_directory_entry(member.pk)
        assert facets_of(member) == set()

    def test_who_leaves_goes_and_who_comes_back_is_there_again(self, member, manager):
        deactivate_member(member, by=manager, reason="left")
        assert found(manager, "mira") == []
        reactivate_member(member, by=manager)
        assert found(manager, "mira") == ["Mira Member"]
        end_role(Role.objects.get(member=member), by=manager)
        assert found(manager, "mira") == []

    def test_a_retired_field_finds_nobody(self, member, manager):
        change = FactFieldChange(label="Guild", is_facet=True)
        field = create_fact_field("guild", change, by=manager)
        say(member, guild="Weavers")
        assert (found(member, "weavers"), facets_of(member)) == (["Mira Member"], {"guild:weavers"})
        retire_fact_field(field, by=manager)
        assert refresh_field(field.pk) == 1
        assert (found(member, "weavers"), facets_of(member)) == ([], set())

    def test_who_is_admitted_is_there_at_once(self, applicant, manager):
        admit_member(applicant, tier=default_tier(), by=manager, source="application")
        assert found(manager, "ansel") == ["Ansel Applicant"]

    def test_another_name_is_found_at_once(self, member):
        edit_profile(member, ProfileChange(display_name="Petra Ångström", time_zone="UTC"), by=member)
        assert found(member, "angstrom") == ["Petra Ångström"]

    def test_many_people_cost_as_many_statements_as_one(self, member):
        people = [make_member() for _number in range(12)]
        for number, person in enumerate(people):
            say(person, place=f"Town {number}", helps_topics=["one", "two"])
        counts = []
        for ids in ([member.pk, people[0].pk], [person.pk for person in people]):
            with CaptureQueriesContext(connection) as captured:
                refresh_directory_entry(*ids)
            counts.append(len(captured))
        assert counts[0] == counts[1] <= 9

    def test_nothing_is_written_where_nothing_has_changed(self, member):
        say(member, place="Oslo")
        before = row_versions()
        assert rebuild_directory() == Member.objects.count()
        assert row_versions() == before

    def test_a_rebuild_that_was_stopped_goes_on_behind_the_last_one(self, member, monkeypatch):
        make_member()
        say(member, place="Oslo")
        right = sorted(DirectoryEntry.objects.values_list("pk", "sort_name", "place", "facets"))
        DirectoryEntry.objects.update(sort_name="", place="", facets=[])
        queued = []
        monkeypatch.setattr(directory, "BATCH", 1)
        monkeypatch.setattr(directory, "enqueue", lambda task, args: queued.append((task.name, args)))
        everybody = list(Member.objects.order_by("pk").values_list("pk", flat=True))
        for pk in everybody:
            assert rebuild_directory(queued[-1][1][0] if queued else 0, seconds=-1) == 1
            assert queued[-1] == ("members.rebuild_directory", [pk])
        assert rebuild_directory(everybody[-1]) == 0
        assert len(queued) == len(everybody)
        assert sorted(DirectoryEntry.objects.values_list("pk", "sort_name", "place", "facets")) == right

    def test_the_night_finds_who_came_and_went_by_the_clock(self, member, other_member):
        now = timezone.now()
        Role.objects.filter(member=member).update(from_at=now - timedelta(2), until_at=now - timedelta(1))
        DirectoryEntry.objects.filter(pk=other_member.pk).delete()
        assert tend_directory()["refreshed"] == 2
        assert list(DirectoryEntry.objects.values_list("pk", flat=True)) == [other_member.pk]
        assert tend_directory() == {"refreshed": 0, "counts": 0}

    def test_counts_are_brought_up_to_date(self, member, other_member):
        say(member, place="Oslo")
        say(other_member, place="oslo")
        count_directory()
        assert DirectoryFacet.objects.get(key="place").people == 2
        assert DirectoryFacet.objects.get(key="").people == 2
        say(member, place="Bergen")
        assert count_directory() == 2
        assert dict(DirectoryFacet.objects.filter(key="place").values_list("value", "people")) == {
            "oslo": 1,
            "bergen": 1,
        }


def row_versions():
    with connection.cursor() as cursor:
        cursor.execute("SELECT member_id, xmin::text, ctid::text FROM members_directoryentry ORDER BY 1")
        return cursor.fetchall()


@pytest.mark.django_db
class TestMatching:
    def test_values_of_one_facet_are_or_and_facets_are_and(self, member):
        for name, place, topic in (
            ("Ann", "Oslo", "pricing"),
            ("Bea", "Bergen", "pricing"),
            ("Cem", "Oslo", "audits"),
        ):
            say(make_member(name), place=place, helps_topics=[topic])
        assert found(member, place=["oslo", "bergen"]) == ["Ann", "Bea", "Cem"]
        assert found(member, place=["oslo", "bergen"], helps_topics=["pricing"]) == ["Ann", "Bea"]
        assert found(member, "cem", place=["oslo"]) == ["Cem"]
        assert found(member, place=["nowhere"]) == []

    def test_new_are_those_of_the_last_ninety_days(self, member):
        make_member("Old Hand", at=timezone.now() - timedelta(days=91))
        assert found(member, is_new=True) == ["Mira Member"]

    @pytest.mark.parametrize("is_mine", [True, False])
    def test_two_people_with_a_block_between_them_do_not_meet(self, member, other_member, is_mine):
        ends = (member, other_member) if is_mine else (other_member, member)
        Tie.objects.create(member=ends[0], other=ends[1], kind=TieKind.BLOCK)
        assert found(member) == ["Mira Member"]
        assert found(other_member) == ["Oskar Other"]

    def test_applicants_find_nobody(self, member, applicant):
        assert found(applicant) == []


def page(client, **parameters):
    return client.get(reverse("member_list"), parameters)


def names(response):
    return [row.display_name for row in response.context["members"]]


def counts(response, key):
    groups = {group.key: group for group in response.context["page"].groups}
    return {option.value: option.count_label for option in groups[key].options} if key in groups else {}


@pytest.mark.django_db
class TestAllValues:
    """Every value of a facet, where a panel offers the most frequent ones."""

    @pytest.fixture
    def towns(self, db, monkeypatch):
        """More than one page of them."""
        monkeypatch.setattr(queries, "VALUES_PER_PAGE", 9)
        towns = ["Malmö", "100%", "a_b", *(f"Town {number:03}" for number in range(10))]
        for number, town in enumerate(towns):
            say(make_member(), place=town, helps_topics=["pricing" if number % 2 else "audits"])
        return towns

    def values(self, web, **parameters) -> dict[str, str]:
        answer = web.get(reverse("facet_list", args=["place"]), parameters)
        return {option.label: option.count_label for option in answer.context["page"].options}

    @pytest.mark.parametrize("is_large", [False, True])
    def test_all_of_them_stand_there_page_by_page(self, web, towns, monkeypatch, is_large):
        if is_large:
            # As where the night has counted: nothing is asked, and there are more people than are counted through.
            monkeypatch.setattr(queries, "COUNTED", 3)
            count_directory()
        seen, after = {}, ""
        for _page in range(2):
            answer = web.get(reverse("facet_list", args=["place"]), {"after": after})
            shown = answer.context["page"]
            seen |= {option.label: option.count_label for option in shown.options}
            after = shown.after
        assert after == ""
        assert seen == dict.fromkeys(towns, "1")

    @pytest.mark.parametrize("part", ["malmo", "Malmö", "LMÖ"])
    def test_a_part_of_the_name_finds_one(self, web, towns, part):
        assert self.values(web, find=part) == {"Malmö": "1"}

    @pytest.mark.parametrize(("part", "found"), [("%", ["100%"]), ("_", ["a_b"]), ("\\", []), ("zz", [])])
    def test_signs_are_signs(self, web, towns, part, found):
        assert list(self.values(web, find=part)) == found

    def test_they_are_counted_among_those_who_fit_all_else(self, web, towns):
        fitting = self.values(web, facet="helps_topics:audits")
        assert len(fitting) == 7
        assert "100%" not in fitting
        # What is chosen stays, and one's own facet does not narrow itself.
        both = self.values(web, facet=["helps_topics:audits", "place:100%"])
        assert both == {"100%": "0"} | fitting

    def test_beyond_those_who_are_counted_through_no_value_is_left_out(self, web, towns, monkeypatch):
        count_directory()
        monkeypatch.setattr(queries, "COUNTED", 3)
        found = self.values(web, q="person")
        assert len(found) == 9
        assert set(found.values()) == {"1+", ""}

    def test_what_was_asked_and_ticked_before_is_kept(self, web, towns):
        asked = {"q": "person", "facet": ["helps_topics:audits", "place:malmo", "place:100%"], "find": "mal"}
        answer = web.get(reverse("facet_list", args=["place"]), asked)
        hidden = {("q", "person"), ("facet", "helps_topics:audits"), ("facet", "place:100%")}
        assert set(answer.context["page"].hidden) == hidden
        assert b'value="place:malmo" checked' in answer.content
        assert b'name="find" value="mal"' in answer.content

    def test_the_panel_leads_there_only_where_there_are_more(self, web, towns):
        groups = {group.key: group.all_url for group in page(web, q="person").context["page"].groups}
        assert groups["place"] == f"{reverse('facet_list', args=['place'])}?q=person"
        assert groups["helps_topics"] == ""

    @pytest.mark.parametrize("key", ["nothing", "headline", "new"])
    def test_what_is_no_facet_is_not_there(self, web, key):
        assert web.get(reverse("facet_list", args=[key])).status_code == 404

    @pytest.mark.parametrize("words", ["'", "%", "\\", "\u202e", "x" * 1000, "<script>", "%(key)s", "%s"])
    @pytest.mark.parametrize("name", ["q", "facet", "after", "find"])
    def test_hostile_parameters_are_no_fault(self, web, name, words):
        assert web.get(reverse("facet_list", args=["place"]), {name: words}).status_code == 200

    def test_it_takes_as_many_queries_for_few_as_for_many(self, web, towns):
        address = reverse("facet_list", args=["place"])
        web.get(address)
        with CaptureQueriesContext(connection) as captured:
            web.get(address, {"facet": "helps_topics:audits"})
        # Who it is, which spaces they see and what the bell says take four of them.
        assert len(captured) <= 6


@pytest.mark.django_db
class TestPage:
    def test_words_and_facets_narrow_and_say_how_many(self, web, member):
        ann, bea = make_member("Ann"), make_member("Bea")
        say(ann, place="Oslo", helps_topics=["pricing"])
        say(bea, place="Bergen", helps_topics=["pricing", "audits"])
        response = page(web, facet=["place:oslo", "place:bergen", "helps_topics:pricing"])
        assert names(response) == ["Ann", "Bea"]
        # A chosen facet is counted among those who fit the others, another one among those who fit all.
        assert counts(response, "place") == {"oslo": "1", "bergen": "1"}
        response = page(web, facet="place:oslo")
        assert names(response) == ["Ann"]
        assert counts(response, "place") == {"bergen": "1", "oslo": "1"}
        assert counts(response, "helps_topics") == {"pricing": "1"}
        assert response.context["page"].found_label == "1 person"
        assert [chip.label for chip in response.context["page"].chips] == ["Place: Oslo"]

    def test_members_only(self, web, client_as, applicant):
        assert page(web).status_code == 200
        assert page(client_as(applicant)).status_code in {302, 403, 404}
        assert page(client_as(None)).status_code == 302

    def test_a_value_that_nobody_has_finds_nobody_and_stays_chosen(self, web):
        response = page(web, facet="place:<b>Atlantis")
        assert names(response) == []
        assert counts(response, "place") == {"<b>atlantis": "0"}
        assert b"<b>atlantis" not in response.content
        assert b"Nobody here fits" in response.content

    @pytest.mark.parametrize(
        "words", ["'", "!!", "a:*", "\\", "\u202e", "x" * 1000, "<script>", "place:%00", "&|!()"]
    )
    @pytest.mark.parametrize("name", ["q", "facet", "after", "sort", "view", "new"])
    def test_hostile_parameters_are_no_fault(self, web, name, words):
        assert page(web, **{name: words}).status_code == 200

    @pytest.mark.parametrize("order", ["name", "newest"])
    def test_it_is_read_by_key_without_loss_or_double(self, web, member, order):
        now = timezone.now()
        people = {
            make_member("Same Name" if n % 3 else f"Person {n:03}", at=now - timedelta(hours=n // 2)).pk
            for n in range(70)
        }
        seen, url = [], f"{reverse('member_list')}?sort={order}"
        while url:
            response = web.get(url)
            seen += [row.url for row in response.context["members"]]
            url = response.context["older_url"]
        assert len(seen) == len(set(seen)) == len(people) + 1

    def test_after_four_facets_the_values_stay_and_nothing_is_said_of_their_number(self, web, member):
        company = make_organisation("Northwind")
        employ(member, company)
        say(member, place="Oslo", languages=["de"], sector="Public sector", helps_topics=["pricing"])
        chosen = [f"company:{company.slug}", "place:oslo", "languages:de", "sector:public sector"]
        response = page(web, facet=[*chosen, "helps_topics:pricing"])
        assert names(response) == ["Mira Member"]
        assert counts(response, "place") == {"oslo": "1"}
        assert counts(response, "helps_topics") == {"pricing": ""}

    def test_the_table_is_remembered(self, web):
        make_member("Ann")
        assert b"<table" not in page(web).content
        assert b"<table" in page(web, view="table").content
        assert b"<table" in page(web).content
        assert b"<table" not in page(web, view="cards").content

    def test_two_rows_cost_as_many_queries_as_twenty(self, web, member):
        def asked(**parameters):
            with CaptureQueriesContext(connection) as captured:
                assert page(web, **parameters).status_code == 200
            return len(captured)

        def grow(count):
            for number in range(count):
                say(make_member(), place=f"Town {number}", helps_topics=["pricing"])

        grow(2)
        narrowed = {"q": "person", "facet": "helps_topics:pricing"}
        page(web)
        before = asked(), asked(**narrowed)
        grow(18)
        assert (asked(), asked(**narrowed)) == before
        assert max(before) <= 9

    def test_who_has_left_by_the_clock_is_not_shown_although_the_entry_is_there(self, web):
        ann = make_member("Ann")
        past = timezone.now() - timedelta(days=1)
        Role.objects.filter(member=ann).update(from_at=past - timedelta(days=1), until_at=past)
        assert DirectoryEntry.objects.filter(pk=ann.pk).exists()
        assert "Ann" not in names(page(web))

    def test_counts_of_many_come_from_the_last_count(self, web, member, monkeypatch):
        monkeypatch.setattr("members.queries.directory.COUNTED", 2)
        for _number in range(4):
            say(make_member(), place="Oslo")
        count_directory()
        assert counts(page(web), "place") == {"oslo": "4"}
        response = page(web, q="person")
        assert counts(response, "place") == {"oslo": "3+"}
        assert response.context["page"].found_label == "More than 2 people"

    def test_a_chosen_facet_is_counted_again_among_fewer(self, web, member, monkeypatch):
        monkeypatch.setattr("members.queries.directory._RECOUNTED_PEOPLE", 2)
        for _number in range(4):
            say(make_member(), place="Oslo")
        response = page(web, q="person", facet="place:oslo")
        assert counts(response, "place") == {"oslo": "3+"}
        assert response.context["page"].found_label == "4 people"

    def test_beside_a_facet_that_very_many_have_the_values_of_the_other_stand_uncounted(
        self, web, member, monkeypatch
    ):
        monkeypatch.setattr("members.queries.directory._RECOUNTED_FROM", 2)
        for place in ("Oslo", "Oslo", "Oslo", "Bergen"):
            say(make_member(), place=place, helps_topics=["pricing"])
        say(make_member(), place="Bergen", helps_topics=["audits"])
        count_directory()
        both = page(web, facet=["place:bergen", "helps_topics:pricing"])
        # Four help with pricing, too many to be counted by place; two are in Bergen, and those are counted.
        assert counts(both, "place") == {"oslo": "", "bergen": ""}
        assert counts(both, "helps_topics") == {"audits": "1", "pricing": "1"}
        assert both.context["page"].found_label == "1 person"


@pytest.mark.django_db
class TestOrganisation:
    def test_it_shows_its_people_and_what_they_can_help_with(self, web, member):
        company = make_organisation("Northwind", kind=OrganisationKind.PARTNER)
        ann = make_member("Ann")
        employ(ann, company)
        say(ann, helps_topics=["pricing"])
        make_member("Bea")
        response = web.get(company.get_absolute_url())
        assert names(response) == ["Ann"]
        assert [topic.label for topic in response.context["organisation"].topics] == ["pricing"]
        assert b"partner" in response.content
        assert b"For staff" not in response.content

    def test_a_company_with_nobody_to_see_is_not_there(self, web, applicant):
        company = make_organisation("Northwind")
        assert web.get(company.get_absolute_url()).status_code == 404
        employ(applicant, company)
        assert web.get(company.get_absolute_url()).status_code == 404

    def test_staff_see_whether_it_is_engaged(self, sign_in):
        company = make_organisation()
        people = [make_member(at=timezone.now() - timedelta(days=200)) for _number in range(5)]
        for person in people:
            start_employment(
                person,
                company,
                by=None,
                title="",
                from_date=date(2024, 1, 1),
                at=timezone.now() - timedelta(100),
            )
        manager = sign_in("manager")
        engagement = manager.get(company.get_absolute_url()).context["organisation"].engagement
        assert (engagement.word, engagement.sentence) == (
            "quiet", "Active in the last 30 days: 0 of 5; in the last 90: 0.",
        )  # fmt: skip
        say(people[0], place="Oslo")
        assert manager.get(company.get_absolute_url()).context["organisation"].engagement.word == "engaged"

    def test_of_few_people_there_are_no_figures(self, sign_in, other_member):
        company = make_organisation()
        employ(other_member, company)
        engagement = sign_in("manager").get(company.get_absolute_url()).context["organisation"].engagement
        assert engagement.word == ""
        assert "fewer than 5" in engagement.sentence

    def test_old_addresses_of_activity_lead_there(self, web, other_member):
        company = make_organisation()
        employ(other_member, company)
        assert page(web, organisation=company.slug).headers["Location"] == company.get_absolute_url()
        assert page(web, organisation="nobody").status_code == 404


def keep(client, name="Oslo people", query="facet=place:oslo"):
    return client.post(reverse("saved_search_create"), {"name": name, "query": query})


@pytest.mark.django_db
class TestSavedSearches:
    def test_a_search_is_kept_opened_and_deleted(self, web, member):
        say(make_member("Ann"), place="Oslo")
        response = keep(web)
        assert response.headers["Location"] == f"{reverse('member_list')}?facet=place%3Aoslo"
        assert names(web.get(response.headers["Location"])) == ["Ann"]
        [saved] = page(web).context["page"].saved
        assert saved.name == "Oslo people"
        assert web.post(saved.delete_url).status_code == 302
        assert page(web).context["page"].saved == []

    def test_what_is_typed_stays_when_it_cannot_be_kept(self, web):
        keep(web)
        response = keep(web)
        assert response.status_code == 422
        assert b"You have a search of this name." in response.content
        assert b'value="Oslo people"' in response.content
        assert keep(web, name="Empty", query="").status_code == 422
        assert keep(web, name=" \u200b").status_code == 422

    def test_twenty_are_enough(self, web, member):
        for number in range(20):
            save_search(by=member, name=f"Search {number}", query="q=a")
        with pytest.raises(Conflict):
            save_search(by=member, name="One more", query="q=a")

    def test_applicants_keep_none_and_nobody_deletes_that_of_another(
        self, web, member, other_member, applicant
    ):
        with pytest.raises(Refused):
            save_search(by=applicant, name="Mine", query="q=a")
        search = save_search(by=other_member, name="Mine", query="q=a")
        assert web.post(reverse("saved_search_delete", args=[search.pk])).status_code == 404
        delete_search(search, by=member)
        assert SavedSearch.objects.filter(pk=search.pk).exists()

    def test_hostile_queries_are_read_as_searches(self, web, member):
        assert (
            keep(web, query="q=a&facet=place:<b>&after=1-x&view=table&next=//evil.example").status_code == 302
        )
        assert SavedSearch.objects.get(member=member).query == "q=a&facet=place%3A%3Cb%3E"


@pytest.mark.django_db
class TestSuggestions:
    def test_each_says_why(self, member):
        say(member, helps_topics=["pricing"], looks_topics=["audits"])
        company, other = make_organisation(), make_organisation()
        employ(member, company)
        ann, bea, colleague = make_member("Ann"), make_member("Bea"), make_member("Colleague")
        say(ann, helps_topics=["audits"])
        say(bea, helps_topics=["pricing"], looks_topics=["pricing"])
        employ(bea, other)
        employ(colleague, company)
        say(colleague, helps_topics=["audits"])
        make_member("Nothing In Common")
        assert {row.display_name: row.reason for row in suggestions(member)} == {
            "Ann": "Can help with audits, which you look for",
            "Bea": "Looks for pricing, which you can help with; both in pricing",
        }

    def test_who_answered_comes_first_with_the_month(self, member):
        helper, at = make_member("Helper"), timezone.now() - timedelta(days=40)
        topic = make_topic(by=member, kind="question")
        answer = make_post(topic=topic, by=helper, at=at)
        accept_answer(answer, by=member)
        [row] = suggestions(member)
        assert row.display_name == "Helper"
        assert row.reason.startswith("Answered your question in ")

    def test_nobody_who_is_blocked_muted_followed_or_dismissed(self, member):
        say(member, helps_topics=["pricing"])
        people = {
            name: make_member(name.title())
            for name in ("block", "mute", "follow", "dismissed", "blocker", "ok")
        }
        for person in people.values():
            say(person, helps_topics=["pricing"])
        for kind in ("block", "mute", "follow"):
            Tie.objects.create(member=member, other=people[kind], kind=kind)
        Tie.objects.create(member=people["blocker"], other=member, kind=TieKind.BLOCK)
        dismiss_suggestion(people["dismissed"], by=member)
        dismiss_suggestion(people["dismissed"], by=member)
        assert [row.display_name for row in suggestions(member)] == ["Ok"]

    def test_a_hidden_topic_is_no_reason(self, member, other_member):
        say(member, helps_topics=["pricing"])
        set_facts(
            other_member, {"helps_topics": FactChange(["pricing"], Visibility.FOLLOWED_BACK)}, by=other_member
        )
        assert suggestions(member) == []

    def test_five_at_most_for_the_same_number_of_queries(self, member):
        say(member, helps_topics=["pricing"])
        asked = []
        for count in (2, 18):
            for _number in range(count):
                say(make_member(), helps_topics=["pricing"])
            # A request finds out anew which spaces its reader may see.
            forget_visible_spaces(member)
            with CaptureQueriesContext(connection) as captured:
                found_now = suggestions(member)
            asked.append(len(captured))
        assert len(found_now) == 5
        assert asked[0] == asked[1] <= 9

    def test_the_panel_dismisses_in_place(self, web, member, other_member):
        say(member, helps_topics=["pricing"])
        say(other_member, helps_topics=["pricing"])
        panel = web.get(reverse("suggestion_list"), headers={"HX-Request": "true"})
        assert b"Both in pricing" in panel.content
        assert b"<html" not in panel.content
        url = reverse("suggestion_dismiss", args=[other_member.handle])
        answer = web.post(url, headers={"HX-Request": "true"})
        assert (answer.status_code, answer.content) == (200, b"")
        assert b"Nobody yet" in web.get(reverse("suggestion_list")).content
        assert web.post(url).status_code == 302
        assert web.post(reverse("suggestion_dismiss", args=[member.handle])).status_code == 422


def download(client, query=""):
    response = client.post(reverse("member_export"), {"query": query})
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return response, list(csv.DictReader(io.StringIO(text)))


@pytest.mark.django_db
class TestExport:
    def test_it_holds_what_all_members_may_see_and_a_number(self, client_as, manager):
        ann = make_member("=Ann()")
        say(ann, place="Oslo", helps_topics=["pricing"])
        set_facts(ann, {"biography": FactChange(["zqhidden"], Visibility.FOLLOWED_BACK)}, by=ann)
        Tie.objects.create(member=ann, other=manager, kind=TieKind.FOLLOW)
        Tie.objects.create(member=manager, other=ann, kind=TieKind.FOLLOW)
        make_member("Bea")
        response, [row] = download(client_as(manager), "facet=place:oslo")
        export = DirectoryExport.objects.get()
        assert (row["Export"], row["Name"], row["Place"]) == (str(export.pk), "'=Ann()", "Oslo")
        assert "zqhidden" not in str(row)
        assert "@" not in str(row)
        assert f"people-export-{export.pk}.csv" in response["Content-Disposition"]
        assert (export.member, export.query, export.rows) == (manager, "facet=place%3Aoslo", 1)
        activity = Activity.objects.get(verb=Verb.DIRECTORY_EXPORTED)
        assert (activity.data, activity.audience) == ({"rows": 1}, "staff")

    def test_five_a_day(self, client_as, manager):
        client = client_as(manager)
        for _number in range(5):
            download(client)
        response = client.post(reverse("member_export"))
        assert response.status_code == 409
        assert b"Tomorrow" in response.content
        DirectoryExport.objects.update(created_at=timezone.now() - timedelta(days=1, seconds=1))
        download(client)

    @pytest.mark.parametrize("role", ["member", "expert", "steward", "moderator", "executive", "applicant"])
    def test_few_may(self, client_as, role):
        person = make_member(role=role)
        assert client_as(person).post(reverse("member_export")).status_code == 403
        with pytest.raises(Refused):
            export_directory(by=person, query="", rows=0)

    def test_who_has_a_password_is_asked_for_it_again(self, manager, client):
        manager.set_password(PASSWORD)
        manager.save()
        client.force_login(manager)
        response = client.post(reverse("member_export"))
        assert response.status_code == 302
        assert reverse("account_reauthenticate") in response.headers["Location"]

    def test_many_batches_lose_nobody(self, client_as, manager, monkeypatch):
        monkeypatch.setattr("members.queries.directory_export.BATCH", 3)
        people = {make_member(f"Person {number}").handle for number in range(8)}
        _response, rows = download(client_as(manager))
        assert people | {manager.handle} == {row["Handle"] for row in rows}


@pytest.mark.django_db
class TestApi:
    def test_the_same_words_and_facets(self, member):
        ann = make_member("Ann Ångström")
        say(ann, place="Oslo")
        program = Program(member)

        def asked(query):
            return [row["display_name"] for row in program.get(f"members/?{query}").json()["results"]]

        assert asked("q=angstr") == asked("facet=place:oslo") == asked("facet=place:oslo,place:bergen") == [
            "Ann Ångström"
        ]  # fmt: skip
        assert asked("facet=place:bergen") == []
        assert asked("new=true&q=mira") == ["Mira Member"]

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("facet=colour:red", 404), ("facet=place", 404), ("facet=place:", 404), ("facett=place:oslo", 400),
            ("new=1", 400), ("q=%20", 400), ("facet=" + ",".join(f"place:p{n}" for n in range(30)), 400),
        ],
    )  # fmt: skip
    def test_strict_parameters(self, member, query, status):
        say(member, place="Oslo")
        assert Program(member).get(f"members/?{query}").status_code == status

    def test_companies_whose_people_are_here(self, member, other_member, applicant):
        northwind, hidden = make_organisation("Northwind"), make_organisation("Hidden")
        employ(other_member, northwind)
        employ(applicant, hidden)
        program = Program(member)
        [row] = program.get("organisations/").json()["results"]
        assert row == {
            "id": northwind.pk,
            "url": f"http://testserver{northwind.get_absolute_url()}",
            "slug": northwind.slug,
            "name": "Northwind",
            "kind": "customer",
        }
        assert program.get(f"organisations/{northwind.pk}/").json() == row
        assert program.get(f"organisations/{hidden.pk}/").status_code == 404
