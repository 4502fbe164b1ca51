"""Facts that people state about themselves, and the fields that there are for them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Final

from django.conf.locale import LANG_INFO
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from community.core.activity import record
from community.core.broker import enqueue
from community.core.errors import Conflict, Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_line, clean_source
from community.core.verbs import Verb
from members.actions.directory import refresh_directory_entry, refresh_field
from members.directory import RESERVED_NAMES
from members.models import Fact, FactField, FactKind, FactSource, Member, Visibility
from members.permissions import can_edit_profile, can_manage_members

#: The most that one field takes.
LINE_LENGTH: Final = 300
TEXT_LENGTH: Final = 2000
WORD_LENGTH: Final = 60
LINK_LENGTH: Final = 300
MOST_WORDS: Final = 12
MOST_LINKS: Final = 5
_LINE_LENGTHS: Final = {"place": 120}
#: Names that the form, the API and the export of a profile use for something else.
RESERVED_KEYS: Final = RESERVED_NAMES | {
    *(
        "display_name",
        "email",
        "handle",
        "headline",
        "id",
        "time_zone",
        "locale",
        "photo",
        "url",
        "questions",
    ),
    *("facts", "next", "page", "organisation", "confirmed"),
}

_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,38}[a-z0-9]")
_DAY: Final = re.compile(r"(0[1-9]|1[0-2])-([0-2][0-9]|3[01])")
_NUMBER: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,4})?")
_is_web: Final = URLValidator(schemes=["http", "https"])

LANGUAGES: Final = frozenset(code for code, info in LANG_INFO.items() if len(code) == 2 and "name" in info)

_SECTORS: Final = [
    gettext_noop("Agriculture and food"),
    gettext_noop("Automotive"),
    gettext_noop("Chemicals and pharma"),
    gettext_noop("Construction and property"),
    gettext_noop("Consulting and law"),
    gettext_noop("Consumer goods"),
    gettext_noop("Education and research"),
    gettext_noop("Energy and utilities"),
    gettext_noop("Finance and insurance"),
    gettext_noop("Health care"),
    gettext_noop("Industry and machines"),
    gettext_noop("Logistics and transport"),
    gettext_noop("Media and culture"),
    gettext_noop("Public sector"),
    gettext_noop("Retail and wholesale"),
    gettext_noop("Software and IT"),
    gettext_noop("Telecommunications"),
    gettext_noop("Travel and hospitality"),
    gettext_noop("Another sector"),
]


@dataclass(frozen=True, slots=True)
class FactChange:
    """What a field should hold; no values takes the fact away. `visibility` None keeps what it is, or the default."""

    values: Sequence[str]
    visibility: Visibility | None = None


@dataclass(frozen=True, slots=True)
class _BuiltIn:
    key: str
    label: str
    kind: FactKind
    help_text: str = ""
    visibility: Visibility = Visibility.MEMBERS
    is_facet: bool = False
    choices: list[str] = field(default_factory=list)


# In the order in which they are asked.
BUILT_IN: Final = (
    _BuiltIn("biography", gettext_noop("About you"), FactKind.TEXT),
    _BuiltIn("place", gettext_noop("Place"), FactKind.LINE, is_facet=True),
    _BuiltIn("languages", gettext_noop("Languages"), FactKind.LANGUAGES, is_facet=True),
    _BuiltIn("sector", gettext_noop("Sector"), FactKind.CHOICE, is_facet=True, choices=_SECTORS),
    _BuiltIn(
        "helps_topics",
        gettext_noop("Topics I can help with"),
        FactKind.WORDS,
        gettext_noop("Words with commas between them, as in: pricing, audits"),
        is_facet=True,
    ),
    _BuiltIn(
        "can_help_with",
        gettext_noop("What I can help with"),
        FactKind.LINE,
        gettext_noop("One sentence. It is what people read before they ask you."),
    ),
    _BuiltIn(
        "looks_topics",
        gettext_noop("Topics I am looking for"),
        FactKind.WORDS,
        gettext_noop("Words with commas between them, as in: pricing, audits"),
        is_facet=True,
    ),
    _BuiltIn(
        "looks_for", gettext_noop("What I am looking for"), FactKind.LINE, gettext_noop("One sentence.")
    ),
    _BuiltIn("links", gettext_noop("Links"), FactKind.LINKS, gettext_noop("One on each line, five at most.")),
    _BuiltIn(
        "birthday",
        gettext_noop("Birthday"),
        FactKind.DAY,
        gettext_noop("Day and month. The year is nobody's business."),
        visibility=Visibility.ONLY_ME,
    ),
)


def built_in_fields() -> dict[str, FactField]:
    """The fields that every community has, by key; made where they are missing. One query where none is."""
    found = {row.key: row for row in FactField.objects.filter(is_built_in=True)}
    missing = [(place, one) for place, one in enumerate(BUILT_IN, start=1) if one.key not in found]
    if not missing:
        return found
    FactField.objects.bulk_create(
        [
            FactField(
                key=one.key,
                label=one.label,
                help_text=one.help_text,
                kind=one.kind,
                choices=one.choices,
                position=place * 10,
                default_visibility=one.visibility,
                is_facet=one.is_facet,
                is_built_in=True,
            )
            for place, one in missing
        ],
        ignore_conflicts=True,
    )
    return {row.key: row for row in FactField.objects.filter(is_built_in=True)}


def fields_in_use() -> dict[str, FactField]:
    """Every field that a profile has today, by key, in the order in which they are asked."""
    built_in_fields()
    return {row.key: row for row in FactField.objects.in_use()}


# --- what fits into a field -------------------------------------------------------------------------------------


def clean_values(row: FactField, values: Sequence[str]) -> list[str]:
    """What is stored of the values: cleaned, without doubles and blanks. Raises `Invalid` with a sentence."""
    return _CLEANERS[FactKind(row.kind)](row, values)


def _refuse(row: FactField, sentence: str) -> Invalid:
    return Invalid(sentence, fields={row.key: [sentence]})


def _single(row: FactField, values: Sequence[str]) -> list[str]:
    lines = _distinct(clean_line(value) for value in values)
    if len(lines) > 1:
        raise _refuse(row, _("{field} takes one value.").format(field=row.title))
    return lines


def _distinct(values: object) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))  # type: ignore[attr-defined]


def _too_long(row: FactField, length: int, most: int) -> Invalid:
    sentence = _("{field} has {length} characters; {most} are the most. Shorten it.")
    return _refuse(row, sentence.format(field=row.title, length=length, most=most))


def _clean_line_fact(row: FactField, values: Sequence[str]) -> list[str]:
    lines = _single(row, values)
    most = _LINE_LENGTHS.get(row.key, LINE_LENGTH)
    if lines and len(lines[0]) > most:
        raise _too_long(row, len(lines[0]), most)
    return lines


def _clean_text(row: FactField, values: Sequence[str]) -> list[str]:
    texts = _distinct(clean_source(value).strip() for value in values)
    texts = [text for text in texts if clean_line(text)]
    if len(texts) > 1:
        raise _refuse(row, _("{field} takes one value.").format(field=row.title))
    if texts and len(texts[0]) > TEXT_LENGTH:
        raise _too_long(row, len(texts[0]), TEXT_LENGTH)
    return texts


def _clean_choices(row: FactField, values: Sequence[str]) -> list[str]:
    chosen = _distinct(clean_line(value) for value in values)
    for value in chosen:
        if value not in row.choices:
            raise _refuse(
                row,
                _("“{value}” is not one of the choices of {field}. Choose from the list.").format(
                    value=value[:80], field=row.title
                ),
            )
    return chosen


def _clean_choice(row: FactField, values: Sequence[str]) -> list[str]:
    return _clean_choices(row, _single(row, values))


def _clean_words(row: FactField, values: Sequence[str]) -> list[str]:
    words = _distinct(clean_line(part).lower() for value in values for part in value.split(","))
    for word in words:
        if len(word) > WORD_LENGTH:
            raise _refuse(
                row,
                _("“{word}…” is too long for a topic: {most} characters are the most.").format(
                    word=word[:30], most=WORD_LENGTH
                ),
            )
    if len(words) > MOST_WORDS:
        raise _refuse(
            row,
            _("{field} takes {most} topics at most. Keep those that matter.").format(
                field=row.title, most=MOST_WORDS
            ),
        )
    return words


def language_code(name: str) -> str | None:
    """The code of a language said by its code, its name in English, in itself or in the reader's language; or None."""
    wanted = name.casefold()
    known = _LANGUAGE_NAMES.get(wanted)
    return known or next(
        (code for code in LANGUAGES if _(str(LANG_INFO[code]["name"])).casefold() == wanted), None
    )


_LANGUAGE_NAMES: Final = {
    name.casefold(): code
    for code in LANGUAGES
    for name in (code, str(LANG_INFO[code]["name"]), str(LANG_INFO[code]["name_local"]))
}


def _clean_languages(row: FactField, values: Sequence[str]) -> list[str]:
    names = _distinct(clean_line(part) for value in values for part in value.split(","))
    codes = []
    for name in names:
        code = language_code(name)
        if code is None:
            raise _refuse(
                row,
                _(
                    "“{name}” is not a language known here. Write its English name or its own, as in Deutsch."
                ).format(name=name[:40]),
            )
        codes.append(code)
    if len(codes) > MOST_WORDS:
        raise _refuse(row, _("{most} languages are the most.").format(most=MOST_WORDS))
    return _distinct(codes)


def _clean_number(row: FactField, values: Sequence[str]) -> list[str]:
    numbers = _single(row, values)
    if numbers and not _NUMBER.fullmatch(numbers[0]):
        raise _refuse(row, _("{field} takes a number, as in 12 or 12.5.").format(field=row.title))
    return numbers


def _clean_links(row: FactField, values: Sequence[str]) -> list[str]:
    links = _distinct(_web_address(row, clean_line(value)) for value in values)
    if len(links) > MOST_LINKS:
        raise _refuse(row, _("{most} links are the most.").format(most=MOST_LINKS))
    return links


def _clean_link(row: FactField, values: Sequence[str]) -> list[str]:
    return _clean_links(row, _single(row, values))


def _web_address(row: FactField, value: str) -> str:
    if not value:
        return ""
    scheme, separator, rest = value.partition("://")
    address = f"{scheme.lower()}://{rest}" if separator else f"https://{value}"
    try:
        _is_web(address)
    except ValidationError as error:
        raise _refuse(
            row,
            _("“{address}” is not the address of a web page. It begins with https://.").format(
                address=value[:80]
            ),
        ) from error
    if len(address) > LINK_LENGTH:
        raise _refuse(
            row, _("That address is too long: {most} characters are the most.").format(most=LINK_LENGTH)
        )
    return address


def _clean_day(row: FactField, values: Sequence[str]) -> list[str]:
    """`MM-DD`. The leap year lets the 29th of February stand."""
    days = _single(row, values)
    match = _DAY.fullmatch(days[0]) if days else None
    if days and match is None:
        raise _refuse(row, _("Choose a day and a month."))
    if match is not None:
        try:
            date(2024, int(match[1]), int(match[2]))
        except ValueError as error:
            raise _refuse(row, _("That month has no such day.")) from error
    return days


_CLEANERS: Final[Mapping[FactKind, Callable[[FactField, Sequence[str]], list[str]]]] = {
    FactKind.LINE: _clean_line_fact,
    FactKind.TEXT: _clean_text,
    FactKind.CHOICE: _clean_choice,
    FactKind.CHOICES: _clean_choices,
    FactKind.WORDS: _clean_words,
    FactKind.LANGUAGES: _clean_languages,
    FactKind.NUMBER: _clean_number,
    FactKind.LINK: _clean_link,
    FactKind.LINKS: _clean_links,
    FactKind.DAY: _clean_day,
}


# --- what people say --------------------------------------------------------------------------------------------


@transaction.atomic
def set_facts(
    member: Member,
    changes: Mapping[str, FactChange],
    *,
    by: Member | None,
    source: FactSource = FactSource.SELF,
) -> Member:
    """Rule 2.1. Records the keys of what changed, never the values. `by` is None for the system.

    Raises `Invalid` for what does not fit; from a source where nobody can be asked (an application, a company, a feed)
    it is left out instead. What a manager enters for somebody says so.
    """
    if by is not None:
        require(can_edit_profile(by, member))
    changed = write_facts(member, changes, by=by, source=source)
    if changed:
        record(
            Verb.PROFILE_EDITED,
            by=by,
            target=member,
            audience=Audience.MEMBER,
            counterpart_id=member.pk,
            fields=changed,
        )
    return member


def write_facts(
    member: Member, changes: Mapping[str, FactChange], *, by: Member | None, source: FactSource
) -> list[str]:
    """Part of an action that has asked for permission and records: returns the keys of what changed."""
    if by is not None and by.pk != member.pk and source == FactSource.SELF:
        source = FactSource.MANAGER
    is_asked = source in {FactSource.SELF, FactSource.MANAGER}
    fields = fields_in_use()
    wanted: dict[str, tuple[list[str], Visibility | None]] = {}
    problems: dict[str, list[str]] = {}
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    present = {fact.field_id: fact for fact in Fact.objects.filter(member=member)}
    for key, change in changes.items():
        row = fields.get(key)
        if row is None:
            if is_asked:
                problems[key] = [_("There is no such field in a profile.")]
            continue
        before = present.get(row.pk)
        if before is not None and list(change.values) == before.values:
            # Choices may have changed since; what somebody said stays until they say something else.
            wanted[key] = (before.values, change.visibility)
            continue
        try:
            wanted[key] = (clean_values(row, change.values), change.visibility)
        except Invalid as error:
            if is_asked:
                problems |= error.fields
    if problems:
        raise Invalid(next(iter(problems.values()))[0], fields=problems)
    changed = []
    for key, (values, visibility) in wanted.items():
        row = fields[key]
        if _write(member, row, present.get(row.pk), values, visibility, source):
            changed.append(key)
    if changed:
        refresh_directory_entry(member.pk)
    return changed


def _write(
    member: Member,
    row: FactField,
    before: Fact | None,
    values: list[str],
    visibility: Visibility | None,
    source: FactSource,
) -> bool:
    """One fact as it should be; whether anything changed."""
    if before is None:
        if not values:
            return False
        Fact.objects.create(
            member=member,
            field=row,
            values=values,
            visibility=visibility or row.default_visibility,
            source=source,
        )
        return True
    if not values:
        before.delete()
        return True
    visibility = visibility or Visibility(before.visibility)
    if before.values != values:
        before.values, before.source, before.confirmed_at = values, source, timezone.now()
    elif before.visibility == visibility:
        return False
    before.visibility = visibility
    before.save(update_fields=["values", "visibility", "source", "confirmed_at"])
    return True


@transaction.atomic
def confirm_facts(member: Member, *, by: Member) -> Member:
    """Rule 2.1: "all of this is still true". Only the person can say so; where a fact came from stays."""
    if by.pk != member.pk:
        require(can_edit_profile(by, member))
        raise Conflict(_("Only {name} can say what is still true.").format(name=member.display_name))
    Fact.objects.filter(member=member).update(confirmed_at=timezone.now())
    record(
        Verb.PROFILE_EDITED,
        by=by,
        target=member,
        audience=Audience.MEMBER,
        counterpart_id=member.pk,
        fields=["confirmed"],
    )
    return member


# --- the fields of this community -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FactFieldChange:
    """A field as a manager wants it. Kind and key of an existing one stay: facts were given under them."""

    label: str
    help_text: str = ""
    kind: FactKind = FactKind.LINE
    choices: Sequence[str] = ()
    position: int = 100
    default_visibility: Visibility = Visibility.MEMBERS
    is_facet: bool = False


@transaction.atomic
def create_fact_field(key: str, change: FactFieldChange, *, by: Member) -> FactField:
    """Rule 2.1: a custom field. Raises `Invalid` for a key or choices that cannot be, `Conflict` for a taken key."""
    require(can_manage_members(by))
    key = clean_line(key).lower()
    if not _KEY.fullmatch(key) or key in RESERVED_KEYS or key.endswith("_visibility"):
        sentence = _(
            "A key has 2 to 40 small letters, digits and underscores, begins with a letter and is not reserved."
        )
        raise Invalid(sentence, fields={"key": [sentence]})
    built_in_fields()
    if FactField.objects.filter(key=key).exists():
        raise Conflict(_("There is a field with this key already. Choose another one."))
    row = FactField(key=key, kind=change.kind)
    _apply(row, change)
    row.save()
    return _recorded(row, by)


@transaction.atomic
def edit_fact_field(row: FactField, change: FactFieldChange, *, by: Member) -> FactField:
    """Change how a field is asked for. What people said stays, whatever becomes of the choices."""
    require(can_manage_members(by))
    row = FactField.objects.select_for_update().get(pk=row.pk)
    _apply(row, change)
    row.save()
    return _recorded(row, by)


@transaction.atomic
def retire_fact_field(row: FactField, *, by: Member) -> FactField:
    """Nobody is asked and nobody sees it any more; what people said is kept for their own export."""
    require(can_manage_members(by))
    row = FactField.objects.select_for_update().get(pk=row.pk)
    if row.is_built_in:
        raise Conflict(_("This field belongs to every profile. It can be renamed, not retired."))
    if row.retired_at is not None:
        raise Conflict(_("This field is retired already."))
    row.retired_at = timezone.now()
    row.save(update_fields=["retired_at"])
    return _recorded(row, by)


@transaction.atomic
def restore_fact_field(row: FactField, *, by: Member) -> FactField:
    """Bring a retired field back, with what people said."""
    require(can_manage_members(by))
    row = FactField.objects.select_for_update().get(pk=row.pk)
    if row.retired_at is None:
        raise Conflict(_("This field is in use."))
    row.retired_at = None
    row.save(update_fields=["retired_at"])
    return _recorded(row, by)


def _apply(row: FactField, change: FactFieldChange) -> None:
    label = clean_line(change.label)
    if not label:
        raise Invalid(_("A field needs a name."), fields={"label": [_("Write what people are asked for.")]})
    choices = _distinct(clean_line(choice) for choice in change.choices)
    takes_choices = row.kind in {FactKind.CHOICE, FactKind.CHOICES}
    if takes_choices and not 2 <= len(choices) <= 60:
        sentence = _("A field of this kind needs 2 to 60 choices.")
        raise Invalid(sentence, fields={"choices": [sentence]})
    if any(len(choice) > 80 for choice in choices):
        sentence = _("A choice has 80 characters at most.")
        raise Invalid(sentence, fields={"choices": [sentence]})
    row.label = label[:80]
    row.help_text = clean_line(change.help_text)[:300]
    row.choices = choices if takes_choices else []
    row.position = change.position
    row.default_visibility = change.default_visibility
    row.is_facet = change.is_facet


def _recorded(row: FactField, by: Member) -> FactField:
    record(Verb.FACT_FIELD_EDITED, by=by, target=row, audience=Audience.STAFF, key=row.key)
    # Whether people are found by it may have changed, and thousands may have said something.
    transaction.on_commit(partial(enqueue, refresh_field, (row.pk,)))
    return row
