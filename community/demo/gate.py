"""The gate of the demo community: its words and questions, and people who ask to come in, each at another point."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from community.core.models import Mail, MailState
from members.actions.application import (
    Given,
    ask_for_vouch,
    save_answers,
    start_application,
    submit_application,
)
from members.actions.gate import create_criterion, create_question, create_tier, edit_gate
from members.actions.review import Judgement, ask_applicant, decide_application, take_application
from members.actions.vouch import give_vouch
from members.models import (
    Admission,
    Application,
    Criterion,
    Employment,
    Member,
    Question,
    Role,
    RoleName,
    Tier,
    Verdict,
)

PURPOSE = """\
The guild is where people who buy for a living compare notes: on contracts, suppliers, prices and the decisions nobody \
teaches. What is said here is said between colleagues."""

AUDIENCE = """\
Heads of procurement, category managers, buyers and contract people of organisations that buy more than they sell to \
each other. Partners who work on the buyers' side are welcome.

It is not a place to find customers."""

CRITERIA = (
    (
        "You buy, or work on the buyers' side",
        "At least half of your work is sourcing, purchasing or contracts.",
    ),
    (
        "You do not sell to the others here",
        "Vendors of tools and services are let in one by one, with their name on it.",
    ),
    ("You answer as well as ask", "Say what you could help others with. A sentence is enough."),
)
CIRCLE_CRITERION = ("You lead procurement", "You answer for it to the board or to its chair.")


@dataclass(frozen=True, slots=True)
class Ask:
    """A question; `key` is the name by which the applicants below answer it."""

    key: str
    kind: str
    label: str
    help_text: str = ""
    choices: tuple[str, ...] = ()
    is_required: bool = False
    only_after: tuple[str, str] | None = None
    fills: str = ""


QUESTIONS = (
    Ask("company", "company", "Where do you work?", is_required=True),
    Ask("title", "short", "What is your title?", is_required=True, fills="title"),
    Ask("years", "number", "For how many years have you worked in procurement?"),
    Ask("sells", "choice", "Does your organisation sell to procurement teams?", choices=("No", "Yes"),
        is_required=True),
    Ask("what", "long", "What does it sell, and to whom?", is_required=True, only_after=("sells", "Yes")),
    Ask("helps", "long", "What could you help others with?", "Others find you by it.", is_required=True,
        fills="can_help_with"),
    Ask("why", "long", "What would you like to take from here?", is_required=True),
    Ask("page", "link", "Is there a page about you?"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Applicant:
    """`days` counts back from now to the moment of sending; `then` is what the reviewers did."""

    key: str
    name: str
    days: float
    answers: Mapping[str, str]
    then: str = ""
    words: str = ""
    tier: str = "members"


APPLICANTS = (
    Applicant("nils", "Nils Aaberg", 0.6, {
        "company": "Halden Rail", "title": "Purchasing manager", "years": "9", "sells": "No",
        "helps": "Spare parts for vehicles nobody builds any more.",
        "why": "Marte told me how she left a framework agreement without a quarrel. I would like to learn that.",
    }),
    Applicant("ivana", "Ivana Kovač", 6, {
        "company": "Dravska Energija", "title": "Head of tenders", "years": "14", "sells": "No",
        "helps": "Public tenders with two bidders, complaints, and how to lose one well.",
        "why": "People who have bought transformers in the last two years.",
    }, then="take"),
    Applicant("peter", "Peter Novák", 1.5, {
        "company": "Novák & partneři", "title": "Partner", "sells": "Yes",
        "what": "We negotiate for buyers, mostly in packaging, and are paid by the hour.",
        "helps": "Preparing a negotiation in an afternoon.",
        "why": "Others who do the same elsewhere.",
    }, then="ask", words="Thank you for writing so openly. Do you also work for suppliers, and if so for which? "
        "We ask everybody on the advisers' side."),
    Applicant("mbali", "Mbali Dube", 4, {
        "company": "Umhlanga Foods", "title": "Chief procurement officer", "years": "18", "sells": "No",
        "helps": "Building a team in a country where everybody poaches.",
        "why": "A room in which one may say that something went wrong.",
    }, then="accept", words="You would fit the circle well. It is full at the moment; you are next.", tier="circle"),
    Applicant("kurt", "Kurt Weiß", 9, {
        "company": "Biddly", "title": "Growth lead", "sells": "Yes",
        "what": "An auction platform, to heads of procurement.",
        "helps": "A free trial for every member.",
        "why": "To meet decision makers.",
    }, then="decline", words="Thank you for asking. The guild is for people who buy, and what you describe is selling "
        "to them. Clearbid is here with its name on it and answers questions about its craft; if you would like to do "
        "that for Biddly, write to us and say who it would be."),
    Applicant("liv", "Liv Sørensen", -1, {
        "company": "Fjordkraft", "title": "Category manager", "years": "many",
    }),
)  # fmt: skip


def make_gate(members: Mapping[str, Member], now: datetime, *, domain: str, password: str) -> None:
    """The words, the questions, a place for everybody who is here, and the applications. Mail is written to nobody."""
    edit_gate(by=None, purpose=PURPOSE, audience=AUDIENCE)
    tiers = {
        "members": create_tier(by=None, name="Members", slug="members", position=1),
        "circle": create_tier(
            by=None,
            name="The circle",
            slug="circle",
            position=2,
            description="A small room of people who lead procurement, for what they would not write elsewhere.",
            vouches_needed=1,
            decide_within_days=5,
        ),
    }
    for position, (name, description) in enumerate(CRITERIA, start=1):
        create_criterion(by=None, name=name, description=description, position=position)
    create_criterion(
        by=None, name=CIRCLE_CRITERION[0], description=CIRCLE_CRITERION[1], tier=tiers["circle"], position=9
    )
    questions = _make_questions()
    _give_places(members, tiers)
    for person in APPLICANTS:
        _apply(person, members, tiers, questions, now=now, domain=domain)
    Member.objects.get(email=f"nils@{domain}").role_rows.update(from_at=now - timedelta(days=3))
    nils = Member.objects.get(email=f"nils@{domain}")
    nils.set_password(password)
    nils.save(update_fields=["password"])


def drop_mails() -> None:
    """What the past would have mailed goes to nobody: the addresses are made up."""
    Mail.objects.filter(state=MailState.WAITING).update(state=MailState.DROPPED, body="")


def _make_questions() -> dict[str, Question]:
    made: dict[str, Question] = {}
    for position, ask in enumerate(QUESTIONS, start=1):
        above, answer = ask.only_after or ("", "")
        made[ask.key] = create_question(
            by=None,
            kind=ask.kind,
            label=ask.label,
            help_text=ask.help_text,
            choices=list(ask.choices),
            is_required=ask.is_required,
            position=position,
            shown_if=made.get(above),
            shown_if_answer=answer,
            fills=ask.fills,
        )
    return made


def _give_places(members: Mapping[str, Member], tiers: Mapping[str, Tier]) -> None:
    """Whoever is here came before there was a gate; the experts are the circle, which is full with them."""
    circle = set(
        Role.objects.filter(role=RoleName.EXPERT, member__in=members.values()).values_list(
            "member", flat=True
        )
    )
    employers = dict(Employment.objects.current().values_list("member", "organisation"))
    Admission.objects.bulk_create(
        Admission(
            member=member,
            tier=tiers["circle" if member.pk in circle else "members"],
            organisation_id=employers.get(member.pk),
            admitted_at=member.joined_at,
        )
        for member in members.values()
    )
    tiers["circle"].capacity = len(circle)
    tiers["circle"].save(update_fields=["capacity"])


def _apply(
    person: Applicant,
    members: Mapping[str, Member],
    tiers: Mapping[str, Tier],
    questions: Mapping[str, Question],
    *,
    now: datetime,
    domain: str,
) -> None:
    at = now - timedelta(days=abs(person.days))
    application = start_application(
        f"{person.key}@{domain}", tiers[person.tier], name=person.name, at=at - timedelta(hours=2)
    )
    applicant = application.member
    answers = {
        questions[key].pk: Given(text, may_fill=bool(questions[key].fills))
        for key, text in person.answers.items()
    }
    save_answers(application, answers, by=applicant, name=person.name)
    if person.days > 0:
        _judge(person, submit_application(application, by=applicant, at=at), members)


def _judge(person: Applicant, application: Application, members: Mapping[str, Member]) -> None:
    manager = members["ines"]
    match person.then:
        case "take":
            take_application(application, by=manager)
        case "ask":
            ask_applicant(application, person.words, by=manager)
        case "accept":
            sponsor = members["amara"]
            ask_for_vouch(application, sponsor.email or "", by=application.member)
            give_vouch(
                application,
                by=sponsor,
                words="We sat on the same panel in Durban. She says what did not work before she is asked.",
            )
            decide_application(
                application,
                by=manager,
                accepts=True,
                words=person.words,
                judgements=_all(application, Verdict.MET),
            )
        case "decline":
            judgements = _all(application, Verdict.NOT_MET, "A vendor who looks for customers.")
            decide_application(
                application, by=manager, accepts=False, words=person.words, judgements=judgements
            )


def _all(application: Application, verdict: Verdict, reason: str = "") -> list[Judgement]:
    criteria = Criterion.objects.in_force().of_tier(application.tier)
    return [Judgement(criterion, verdict, reason) for criterion in criteria]
