"""Changing what the gate says and asks: its words, tiers, criteria and questions. Things are retired, not deleted."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from community.core.activity import Target, record
from community.core.errors import Conflict, Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_line, clean_source
from community.core.verbs import Verb
from members.actions.fact import fields_in_use
from members.models import Answer, Assessment, Criterion, Gate, Member, Question, QuestionKind, Tier
from members.permissions import can_edit_gate

MAX_CHOICES: Final = 30
#: Not a field of the profile: the title that somebody has at the company they are let in with.
FILLS_TITLE: Final = "title"
# With the consent beside each this is what one form may send (`MAX_PARAMETERS` of the edge).
MAX_QUESTIONS: Final = 40

Row = TypeVar("Row", Tier, Criterion, Question)


def current_gate() -> Gate:
    """The one row."""
    gate, _created = Gate.objects.get_or_create(pk=1)
    return gate


def default_tier() -> Tier:
    """The first tier that is open; where there was never one, the plain one that everybody belongs to."""
    tier = Tier.objects.open().first() or Tier.objects.order_by("position", "id").first()
    if tier is not None:
        return tier
    tier, _created = Tier.objects.get_or_create(slug="members", defaults={"name": _("Members")})
    return tier


# --- the words of the page --------------------------------------------------------------------------------------


@transaction.atomic
def edit_gate(*, by: Member | None, **wanted: Any) -> Gate:
    """Rule 1.1: the words of the public page and what all tiers share. `by` is None for commands and the demo.

    Raises `Invalid` with the name of a field that is no field of the gate or too long.
    """
    _require(by)
    gate = Gate.objects.select_for_update().get(pk=current_gate().pk)
    cleaned = {
        name: clean_source(value) if isinstance(value, str) else value for name, value in wanted.items()
    }
    _change(gate, cleaned, by=by, noun="gate")
    return gate


# --- tiers ------------------------------------------------------------------------------------------------------


@transaction.atomic
def create_tier(*, by: Member | None, name: str, slug: str = "", **values: Any) -> Tier:
    """Rule 1.9. Raises `Invalid` for an empty name, `Conflict` for one that is there already."""
    _require(by)
    name = _tier_name(name)
    tier = Tier(name=name, slug=slug or _free_slug(name))
    return _create(tier, values, by=by, noun="tier")


@transaction.atomic
def edit_tier(tier: Tier, *, by: Member | None, **wanted: Any) -> Tier:
    """Change a tier; its address stays. A smaller capacity takes no place from anybody who has one."""
    _require(by)
    tier = Tier.objects.select_for_update().get(pk=tier.pk)
    if "name" in wanted:
        wanted["name"] = _tier_name(wanted["name"], but=tier)
    _change(tier, wanted, by=by, noun="tier")
    return tier


@transaction.atomic
def close_tier(tier: Tier, *, by: Member | None) -> Tier:
    """No new applications; those that are under way go on. Raises `Conflict` for the last one that is open."""
    _require(by)
    tiers = list(Tier.objects.open().select_for_update())
    if tier.pk not in {row.pk for row in tiers}:
        raise Conflict(_("This tier is closed already."))
    if len(tiers) == 1:
        raise Conflict(_("This is the last open tier. Open another one first, or nobody can ask to come in."))
    tier.closed_at = timezone.now()
    return _save(tier, ["closed_at"], by=by, noun="tier")


@transaction.atomic
def reopen_tier(tier: Tier, *, by: Member | None) -> Tier:
    _require(by)
    tier = Tier.objects.select_for_update().get(pk=tier.pk)
    if tier.closed_at is None:
        raise Conflict(_("This tier is open."))
    tier.closed_at = None
    return _save(tier, ["closed_at"], by=by, noun="tier")


# --- criteria ---------------------------------------------------------------------------------------------------


@transaction.atomic
def create_criterion(
    *, by: Member | None, name: str, description: str = "", tier: Tier | None = None, position: int = 0
) -> Criterion:
    """Rule 1.1: one condition in words. Without a tier it holds for all."""
    _require(by)
    criterion = Criterion(tier=tier, position=position, name=_words("name", name))
    return _create(criterion, {"description": clean_line(description)}, by=by, noun="criterion")


@transaction.atomic
def edit_criterion(criterion: Criterion, *, by: Member | None, **wanted: Any) -> Criterion:
    """Change it. Its words stand once somebody was judged by them: raises `Conflict`, retire it then."""
    _require(by)
    criterion = Criterion.objects.select_for_update().get(pk=criterion.pk)
    if "name" in wanted:
        wanted["name"] = _words("name", wanted["name"])
    if "description" in wanted:
        wanted["description"] = clean_line(wanted["description"])
    changed = _changed(criterion, wanted)
    if changed - {"position"} and Assessment.objects.filter(criterion=criterion).exists():
        raise Conflict(
            _("Somebody was judged by these words already. Retire this criterion and write a new one.")
        )
    _change(criterion, wanted, by=by, noun="criterion")
    return criterion


@transaction.atomic
def retire_criterion(criterion: Criterion, *, by: Member | None) -> Criterion:
    """It asks nothing of anybody from now on; what was decided by it stays."""
    _require(by)
    criterion = Criterion.objects.select_for_update().get(pk=criterion.pk)
    if criterion.retired_at is not None:
        raise Conflict(_("This criterion is retired already."))
    criterion.retired_at = timezone.now()
    return _save(criterion, ["retired_at"], by=by, noun="criterion")


# --- questions --------------------------------------------------------------------------------------------------


@transaction.atomic
def create_question(*, by: Member | None, kind: str, label: str, **values: Any) -> Question:
    """Rule 1.2: one question of the form. Raises `Invalid` with the name of the field that cannot be so."""
    _require(by)
    if Question.objects.in_force().count() >= MAX_QUESTIONS:
        raise Conflict(
            _("There are {limit} questions. Nobody answers more; retire one first.").format(
                limit=MAX_QUESTIONS
            )
        )
    question = Question(kind=kind, label=_words("label", label))
    _check_question(question, values)
    return _create(question, values, by=by, noun="question")


@transaction.atomic
def edit_question(question: Question, *, by: Member | None, **wanted: Any) -> Question:
    """Change it. One that was answered keeps what it asks: raises `Conflict`, retire it then and ask anew."""
    _require(by)
    question = Question.objects.select_for_update().get(pk=question.pk)
    if "label" in wanted:
        wanted["label"] = _words("label", wanted["label"])
    _check_question(question, wanted)
    changed = _changed(question, wanted)
    if (
        changed - {"position", "help_text", "is_required"}
        and Answer.objects.filter(question=question).exists()
    ):
        raise Conflict(
            _("This question was answered already, so it stays what it is. Retire it and ask a new one.")
        )
    _change(question, wanted, by=by, noun="question")
    return question


@transaction.atomic
def retire_question(question: Question, *, by: Member | None) -> Question:
    """It is not asked any more; its answers stay. Raises `Conflict` while other questions hang on it."""
    _require(by)
    question = Question.objects.select_for_update().get(pk=question.pk)
    if question.retired_at is not None:
        raise Conflict(_("This question is retired already."))
    hanging = Question.objects.in_force().filter(shown_if=question).first()
    if hanging is not None:
        raise Conflict(
            _("“{question}” is asked only after this one. Retire that one first.").format(
                question=hanging.label
            )
        )
    question.retired_at = timezone.now()
    return _save(question, ["retired_at"], by=by, noun="question")


def _check_question(question: Question, wanted: dict[str, Any]) -> None:
    """Clean what was given and refuse what could never be answered."""
    for name in ("help_text", "shown_if_answer", "fills"):
        if name in wanted:
            wanted[name] = clean_line(wanted[name])
    if "choices" in wanted:
        wanted["choices"] = _clean_choices(wanted["choices"])
    now: dict[str, Any] = {
        name: wanted.get(name, getattr(question, name))
        for name in ("kind", "choices", "shown_if", "shown_if_answer", "fills", "tier")
    }
    if now["kind"] not in QuestionKind.values:
        raise _invalid("kind", _("That is no kind of question. Choose one from the list."))
    if now["kind"] == QuestionKind.CHOICE and len(now["choices"]) < 2:
        raise _invalid("choices", _("A choice needs at least two answers, each on its own line."))
    if now["kind"] != QuestionKind.CHOICE and now["choices"]:
        raise _invalid("choices", _("Only “one of several” has answers to choose from. Empty this field."))
    if now["fills"] not in {"", FILLS_TITLE} and now["fills"] not in fields_in_use():
        raise _invalid("fills", _("There is no such field in the profile. Choose one from the list."))
    condition: Question | None = now["shown_if"]
    if condition is None:
        if now["shown_if_answer"]:
            raise _invalid("shown_if", _("Choose the question whose answer this one waits for."))
        return
    if not now["shown_if_answer"]:
        raise _invalid("shown_if_answer", _("Write the answer after which this question is asked."))
    if condition.kind == QuestionKind.CHOICE and now["shown_if_answer"] not in condition.choices:
        raise _invalid("shown_if_answer", _("That is none of the answers of the other question."))
    if condition.tier_id is not None and condition.tier != now["tier"]:
        raise _invalid("shown_if", _("The other question is not asked in this tier."))
    # A ring of questions that wait for each other would never be asked.
    seen, above = {question.pk}, condition
    while above is not None:
        if above.pk is not None and above.pk in seen:
            raise _invalid("shown_if", _("These questions would wait for each other for ever."))
        seen.add(above.pk)
        above = above.shown_if  # type: ignore[assignment]


def _clean_choices(choices: Sequence[str]) -> list[str]:
    cleaned = [choice for choice in (clean_line(each) for each in choices) if choice]
    if len(cleaned) != len(set(cleaned)):
        raise _invalid("choices", _("Two of the answers are the same. Leave one of them out."))
    if len(cleaned) > MAX_CHOICES:
        raise _invalid("choices", _("Nobody reads more than {limit} answers.").format(limit=MAX_CHOICES))
    if any(len(choice) > 100 for choice in cleaned):
        raise _invalid("choices", _("An answer has at most 100 characters."))
    return cleaned


# --- what all of them share -------------------------------------------------------------------------------------


def _require(by: Member | None) -> None:
    if by is not None:
        require(can_edit_gate(by))


def _create(row: Row, values: dict[str, Any], *, by: Member | None, noun: str) -> Row:
    _check_names(row, values)
    for name, value in values.items():
        setattr(row, name, value)
    _check_lengths(row, row.__dict__)
    row.save()
    _record(row, by=by, noun=noun, fields=["created"])
    return row


def _change(
    row: Gate | Tier | Criterion | Question, wanted: dict[str, Any], *, by: Member | None, noun: str
) -> None:
    _check_names(row, wanted)
    changed = sorted(_changed(row, wanted))
    for name in changed:
        setattr(row, name, wanted[name])
    if changed:
        row.save(update_fields=changed)
        _record(row, by=by, noun=noun, fields=changed)


def _changed(row: Gate | Tier | Criterion | Question, wanted: dict[str, Any]) -> set[str]:
    return {name for name, value in wanted.items() if getattr(row, name, None) != value}


def _check_names(row: Gate | Tier | Criterion | Question, wanted: dict[str, Any]) -> None:
    """Every field is one that may be changed, and no text is longer than its column. Raises `Invalid`."""
    fields = {field.name for field in row._meta.concrete_fields}
    for name in wanted:
        if name not in fields or name in {"id", "slug", "created_at", "closed_at", "retired_at"}:
            raise TypeError(f"{type(row).__name__} has no {name} to change")
    _check_lengths(row, wanted)


def _check_lengths(row: Gate | Tier | Criterion | Question, values: Mapping[str, Any]) -> None:
    for field in row._meta.concrete_fields:
        value, limit = values.get(field.name), getattr(field, "max_length", None)
        if isinstance(value, str) and limit is not None and len(value) > limit:
            sentence = _("This has {length} characters; {limit} are the most.").format(
                length=len(value), limit=limit
            )
            raise _invalid(field.name, sentence)


def _save(row: Row, fields: list[str], *, by: Member | None, noun: str) -> Row:
    row.save(update_fields=fields)
    _record(row, by=by, noun=noun, fields=fields)
    return row


def _record(row: Target, *, by: Member | None, noun: str, fields: list[str]) -> None:
    record(Verb.GATE_EDITED, by=by, target=row, audience=Audience.STAFF, noun=noun, fields=fields)


def _words(name: str, value: str) -> str:
    line = clean_line(value)
    if not line:
        raise _invalid(name, _("Write what it says; it cannot be empty."))
    return line


def _tier_name(name: str, *, but: Tier | None = None) -> str:
    name = _words("name", name)
    same = Tier.objects.filter(name__iexact=name)
    if (same if but is None else same.exclude(pk=but.pk)).exists():
        raise Conflict(_("There is a tier of this name already."))
    return name


def _free_slug(name: str) -> str:
    stem = slugify(name)[:50].strip("-") or "tier"
    taken = set(Tier.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    number, slug = 2, stem
    while slug in taken:
        slug, number = f"{stem}-{number}", number + 1
    return slug


def _invalid(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={field: [sentence]})
