"""What the form asks of whom, and whether an answer is one (rule 1.2). Pure: no database, no request."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from community.core.text import clean_line, clean_source
from members.models import Question, QuestionKind

#: The most characters of an answer of each kind.
LENGTHS: Final = {
    QuestionKind.SHORT: 300,
    QuestionKind.LONG: 5000,
    QuestionKind.CHOICE: 100,
    QuestionKind.NUMBER: 40,
    QuestionKind.LINK: 500,
    QuestionKind.COMPANY: 120,
}
# Digits of any script are digits for Python; one decimal sign, a point or a comma.
_NUMBER: Final = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,6})?")
_is_web_address: Final = URLValidator(schemes=["http", "https"])


def asked(questions: Iterable[Question], answers: Mapping[int, str]) -> list[Question]:
    """Those of the questions that these answers lead to, in their order.

    A question hangs on the answer to another one only where that one is asked itself.
    """
    rows = {question.pk: question for question in questions}

    def is_asked(question: Question, waited: int) -> bool:
        if question.shown_if_id is None:
            return True
        above = rows.get(question.shown_if_id)
        # The admin lets no ring of questions be made; should there be one, nobody is asked.
        if above is None or waited > len(rows):
            return False
        fits = answers.get(above.pk, "") == question.shown_if_answer
        return fits and is_asked(above, waited + 1)

    return [question for question in rows.values() if is_asked(question, 0)]


def clean_answer(question: Question, text: str) -> str:
    """The answer as it is kept: a paragraph keeps its lines, everything else is one line."""
    if question.kind == QuestionKind.LONG:
        return clean_source(text).strip()
    line = clean_line(text)
    if question.kind == QuestionKind.LINK and line and "://" not in line:
        return f"https://{line}"
    return line


def too_long(question: Question, text: str) -> str | None:
    """The sentence about an answer that does not fit, None for one that does. Asked of drafts too."""
    limit = LENGTHS[QuestionKind(question.kind)]
    if len(text) <= limit:
        return None
    return _("This has {length} characters; {limit} are the most.").format(length=len(text), limit=limit)


def problem_with(question: Question, text: str) -> str | None:
    """The sentence that stands beside a cleaned answer with which nobody can apply; None for one that is right."""
    if not text:
        return _("This question needs an answer.") if question.is_required else None
    match question.kind:
        case QuestionKind.NUMBER if not _NUMBER.fullmatch(text):
            return _("Write a number in digits, as 12 or 3.5.")
        case QuestionKind.CHOICE if text not in question.choices:
            return _("Choose one of the answers.")
        case QuestionKind.LINK if not _is_address(text):
            return _("That is no web address. Write it as https://example.org/page.")
    return too_long(question, text)


def _is_address(text: str) -> bool:
    try:
        _is_web_address(text)
    except ValidationError:
        return False
    return True
