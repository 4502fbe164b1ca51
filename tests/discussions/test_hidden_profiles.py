"""A profile that is reported for personal data or abuse: out of sight at once, with nothing of it lost."""

from io import BytesIO

import pytest
from PIL import Image

from community.core.models import Activity, Notice
from community.core.verbs import Verb
from discussions.actions.case import report_member
from discussions.actions.moderation import Terms, rule_case, undo_ruling
from discussions.models import Case, ReportReason, RulingAct
from members.actions.fact import FactChange, set_facts
from members.actions.photo import change_photo, remove_stray_photos
from members.models import DirectoryEntry, Fact, HiddenProfile, Member, Photo
from tests.factories import dispatch_activity, make_member

pytestmark = pytest.mark.django_db

RUDE = "Ring Ann Smith under 0123 456, she never pays."


@pytest.fixture
def person(other_member):
    set_facts(
        other_member,
        {"biography": FactChange([RUDE]), "looks_topics": FactChange(["pricing"])},
        by=other_member,
    )
    other_member.headline = "Collector of debts"
    other_member.save(update_fields=["headline"])
    return other_member


def report(person, by, reason=ReportReason.PERSONAL_DATA):
    return report_member(person, by=by, reason=reason).case


def page_of(person, client):
    return client.get(person.get_absolute_url()).content.decode()


@pytest.mark.parametrize("reason", [ReportReason.PERSONAL_DATA, ReportReason.ABUSE])
def test_it_is_out_of_sight_at_once_and_the_name_stays(person, member, client_as, reason):
    case = report(person, member, reason)
    assert case.is_hidden
    assert "0123 456" in case.context[0]["text"]
    page = page_of(person, client_as(make_member()))
    assert person.display_name in page
    assert "0123 456" not in page
    assert "Collector of debts" not in page
    assert "0123" not in DirectoryEntry.objects.get(pk=person.pk).helps
    assert DirectoryEntry.objects.get(pk=person.pk).headline == ""
    assert Activity.objects.filter(verb=Verb.PROFILE_HIDDEN, actor_id=None).exists()


def test_other_reasons_wait_and_so_do_those_who_cried_wolf(person, member, client_as):
    assert not report(person, member, ReportReason.OTHER).is_hidden
    assert "0123 456" in page_of(person, client_as(make_member()))
    # A second person's report of the graver kind hides it.
    assert report(person, make_member()).is_hidden


def test_its_owner_is_told_on_their_page_and_not_by_whom(person, member, client_as):
    report(person, member)
    web = client_as(person)
    page = page_of(person, web)
    assert "Nothing of it is lost" in page
    waiting = web.get("/moderation/mine/").content.decode()
    assert "Your profile" in waiting
    assert "0123 456" in waiting
    assert member.display_name not in waiting
    assert "Nothing of it is lost" not in page_of(person, client_as(member))


def test_kept_all_of_it_comes_back(person, member, moderator, client_as):
    before = list(
        Fact.objects.filter(member=person).order_by("field").values("field", "values", "visibility")
    )
    case = rule_case(report(person, member), RulingAct.KEEP, by=moderator, version=None)
    after = list(Fact.objects.filter(member=person).order_by("field").values("field", "values", "visibility"))
    assert after == before
    assert Member.objects.get(pk=person.pk).headline == "Collector of debts"
    assert DirectoryEntry.objects.get(pk=person.pk).headline == "Collector of debts"
    assert not HiddenProfile.objects.hidden().exists()
    dispatch_activity()
    assert Notice.objects.get(member=person, key=f"case:{case.pk}").url == person.get_absolute_url()
    assert "Nothing of it is lost" not in page_of(person, client_as(person))
    undo_ruling(case, by=moderator, version=None)
    assert "0123 456" not in page_of(person, client_as(make_member()))


def test_hidden_by_a_decision_and_undone(person, member, moderator, client_as):
    case = report(person, member, ReportReason.OTHER)
    terms = Terms(words="Please leave others out of it.")
    case = rule_case(case, RulingAct.HIDE, by=moderator, version=None, terms=terms)
    assert "0123 456" not in page_of(person, client_as(make_member()))
    undo_ruling(case, by=moderator, version=None)
    assert "0123 456" in page_of(person, client_as(make_member()))


def test_what_was_said_anew_stands_and_can_be_reported_again(person, member, moderator):
    report(person, member)
    set_facts(person, {"biography": FactChange(["I collect debts."])}, by=person)
    case = report(person, make_member())
    assert Case.objects.count() == 1
    assert not Fact.objects.filter(member=person, field__key="biography").exists()
    set_facts(person, {"biography": FactChange(["Third."])}, by=person)
    rule_case(case, RulingAct.KEEP, by=moderator, version=None)
    assert Fact.objects.get(member=person, field__key="biography").values == ["Third."]
    assert Fact.objects.get(member=person, field__key="looks_topics").values == ["pricing"]


def test_what_only_the_person_sees_stays_where_it_is(person, member):
    Fact.objects.filter(member=person, field__key="looks_topics").update(visibility="only_me")
    report(person, member)
    assert list(Fact.objects.filter(member=person).values_list("field__key", flat=True)) == ["looks_topics"]


def test_the_photo_goes_with_it_and_its_files_wait(person, member, moderator, settings, tmp_path):
    own = settings.STORAGES["default"] | {"OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"default": own}
    picture = BytesIO()
    Image.new("RGB", (200, 200), "green").save(picture, "PNG")
    picture.seek(0)
    name = change_photo(person, picture, by=person).name
    case = report(person, member)
    assert not Photo.objects.filter(member=person).exists()
    assert remove_stray_photos() == 0
    rule_case(case, RulingAct.KEEP, by=moderator, version=None)
    assert Photo.objects.get(member=person).name == name


def test_a_profile_without_words_has_nothing_to_hide(other_member, member):
    assert not report(other_member, member).is_hidden
