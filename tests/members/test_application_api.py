"""Applications over the API: the same rights, the same actions, and nothing for anybody else."""

import pytest

from members.actions.review import note_application
from members.models import Application, Criterion, Tier
from tests.api import Program
from tests.factories import make_application, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(manager):
    return Program(manager)


@pytest.fixture
def criterion(db):
    return Criterion.objects.create(name="Works in the field")


def test_only_those_who_keep_the_gate_get_anything(member, moderator, executive, administrator):
    application = make_application("zqnameqz")
    paths = ["applications/", f"applications/{application.pk}/", "applications/999999/"]
    for person in (member, moderator, executive):
        answers = [Program(person).get(path) for path in paths]
        answers += [
            Program(person).post(f"applications/{pk}/{act}/", body)
            for pk in (application.pk, 999_999)
            for act, body in (("take", None), ("note", {"text": "Hm."}), ("accept", {}))
        ]
        assert {answer.status_code for answer in answers} == {403}
        assert not any("zqnameqz" in answer.content.decode() for answer in answers)
    assert [Program(administrator).get(path).status_code for path in paths] == [200, 200, 404]


def test_the_list_goes_by_time_and_filters(office, manager):
    applications = [make_application(f"N{number}") for number in range(3)]
    make_application("Draft", sent=False)
    seen, path = [], "applications/?limit=2"
    while path:
        page = office.get(path).json()
        seen += [row["applicant"]["display_name"] for row in page["results"]]
        path = page["next"]
    assert seen == ["N0", "N1", "N2"]
    office.post(f"applications/{applications[1].pk}/take/")
    mine = office.get(f"applications/?owner={manager.pk}&state=in_review").json()["results"]
    assert [row["id"] for row in mine] == [applications[1].pk]
    assert office.get("applications/?state=draft").status_code == 400


def test_the_way_of_an_application(office, manager, criterion):
    application = make_application("Greta", company="Nordwind")
    path = f"applications/{application.pk}/"
    taken = office.post(f"{path}take/").json()
    assert (taken["state"], taken["owner"]["id"]) == ("in_review", manager.pk)
    assert office.post(f"{path}note/", {"text": "Met in May."}).json()["text"] == "Met in May."
    asked = office.post(f"{path}ask/", {"words": "Which team?"})
    assert (asked.status_code, asked.json()["state"]) == (200, "more_asked")
    assert office.post(f"{path}ask/", {"words": "Another?"}).status_code == 409
    one = {"criterion": criterion.pk, "verdict": "not_met", "reason": "Another field"}
    judged = office.post(f"{path}assess/", {"judgements": [one]})
    assert judged.json()["assessments"][0]["verdict"] == "not_met"
    assert office.post(f"{path}assess/", {"judgements": [{**one, "reason": " "}]}).status_code == 400
    assert office.post(f"{path}assess/", {"judgements": [{**one, "criterion": 999}]}).status_code == 404
    refused = office.post(f"{path}accept/", {"words": "Glad."})
    assert (refused.status_code, list(refused.json()["fields"])) == (409, [f"verdict_{criterion.pk}"])
    assert office.post(f"{path}decline/", {}).status_code == 400
    met = {"words": "Glad.", "judgements": [{**one, "verdict": "met", "reason": "Buys paper"}]}
    done = office.post(f"{path}accept/", met).json()
    assert (done["state"], done["steps"][-1]["words"]) == ("accepted", "Glad.")
    assert done["notes"][0]["text"] == "Met in May."
    assert done["assessments"][0]["verdict"] == "met"
    assert office.post(f"{path}accept/", met).status_code == 200, "sent twice"
    second = Program(make_member(role="manager"))
    assert second.post(f"{path}decline/", {"words": "No."}).status_code == 409


def test_ones_own_application_is_not_there(office, manager):
    application = make_application()
    note_application(application, "About you.", by=make_member(role="manager"))
    Application.objects.filter(pk=application.pk).update(member=manager)
    assert office.get(f"applications/{application.pk}/").status_code == 404
    assert office.get("applications/").json()["results"] == []


def test_taking_over_says_from_whom(office, manager):
    application = make_application()
    path = f"applications/{application.pk}/take/"
    Program(second := make_member("Nora", role="manager")).post(path)
    assert office.post(path).status_code == 409
    taken = office.post(path, {"instead_of": second.pk})
    assert taken.json()["owner"]["id"] == manager.pk


def test_the_list_goes_by_owner_and_tier(office, manager):
    second = make_member("Nora", role="manager")
    mine, theirs, nobodys = (make_application(name) for name in ("Mine", "Theirs", "Nobodys"))
    office.post(f"applications/{mine.pk}/take/")
    Program(second).post(f"applications/{theirs.pk}/take/")

    def listed(query):
        return [row["id"] for row in office.get(f"applications/?{query}").json()["results"]]

    assert listed(f"owner={second.pk}") == [theirs.pk]
    assert listed("owned=false") == [nobodys.pk]
    assert listed("owned=true") == [mine.pk, theirs.pk]
    assert listed(f"tier={mine.tier_id}&owned=false") == [nobodys.pk]
    assert listed("tier=999999") == []
    assert office.get("applications/?owned=nobody").status_code == 400


def test_a_matter_of_two_the_company_and_the_vouches(office):
    application = make_application()
    Tier.objects.filter(pk=application.tier_id).update(vouches_needed=1)
    path = f"applications/{application.pk}/"
    assert office.post(f"{path}accept/", {"words": "Glad."}).status_code == 409
    waived = office.post(f"{path}waive/", {"reason": "Everybody knows them."}).json()
    assert waived["vouch_waiver"] == "Everybody knows them."
    settled = office.post(f"{path}settle/", {"company": "Nordwind"}).json()
    assert settled["organisation"]["name"] == "Nordwind"
    assert office.post(f"{path}settle/", {"company": None}).json()["organisation"] is None
    assert office.post(f"{path}settle/", {}).status_code == 400
    assert office.post(f"{path}escalate/", {"reason": "An edge case."}).json()["needs_second_reviewer"]
    notes = [note["text"] for note in office.get(path).json()["notes"]]
    assert {"Without vouches: Everybody knows them.", "An edge case."} <= set(notes)
    done = office.post(f"{path}accept/", {"words": "Glad."})
    assert (done.status_code, done.json()["state"]) == (200, "in_review"), "another one has to agree"
    second = Program(make_member(role="manager"))
    assert second.post(f"{path}accept/", {"words": "Glad."}).json()["state"] == "accepted"
    for act, body in (
        ("waive", {"reason": "A."}),
        ("settle", {"company": "B"}),
        ("escalate", {"reason": "C."}),
    ):
        assert office.post(f"{path}{act}/", body).status_code == 409


def test_moving_somebody_on_the_waitlist(office):
    tier = Tier.objects.create(name="Small", slug="small", capacity=0)
    applications = [make_application(f"N{number}", tier=tier) for number in range(3)]
    for application in applications:
        office.post(f"applications/{application.pk}/accept/", {"words": "Glad."})
    path = f"applications/{applications[2].pk}/move/"
    assert office.post(path, {"place": 4, "reason": "No such place."}).status_code == 409
    assert office.post(path, {"place": 0, "reason": "No such place."}).status_code == 400
    assert office.post(path, {"place": 1}).status_code == 400
    assert office.post(path, {"place": 1, "reason": "Speaks next week."}).json()["state"] == "waitlisted"
    waiting = Application.objects.filter(tier=tier).in_waiting_order()
    assert [one.member.display_name for one in waiting] == ["N2", "N0", "N1"]
