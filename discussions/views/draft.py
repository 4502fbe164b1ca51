"""Keeping what is being typed, the list of one's drafts, and what a writer is told meanwhile."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.http import whole_number
from discussions.actions.draft import DraftConflict, drop_draft, save_draft
from discussions.models import Draft
from discussions.queries.writing import (
    Writing,
    address_of_draft,
    advice,
    draft_rows,
    mention_rows,
    writing,
)
from members.requests import MemberRequest

#: What is kept of a form: what people type or choose in it.
FIELDS: Final = (
    "space",
    "kind",
    "title",
    "body",
    "body_format",
    "tags",
    "reply_to",
    "reason",
    "version",
    "to",
    "name",
    "summary",
    "link",
    "dissent",
    "note",
    "about",
    "options",
    "words",
)
# The texts among them, each alone in its form or beside others.
TEXTS: Final = ("body", "about", "options", "words")
HIGHEST: Final = 2**31 - 2


def words_of(values: Mapping[str, str]) -> dict[str, str]:
    """The fields of a sent form that a draft keeps."""
    return {name: values[name] for name in FIELDS if values.get(name)}


def wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


@require_safe
def draft_list(request: MemberRequest) -> HttpResponse:
    return render(request, "discussions/draft_list.html", {"drafts": draft_rows(request.user)})


@require_POST
def draft_keep(request: MemberRequest) -> HttpResponse:
    """Keep the words of a form: for the script two seconds after the last key, and for the button without it.

    The script is told beside it what a writer should know (rule 3.6).
    """
    key = request.POST.get("draft_key", "")
    words = words_of(request.POST.dict())
    sequence = whole_number(request.POST.get("draft_sequence"), default=0, highest=HIGHEST) or 0
    try:
        draft = save_draft(key, words, sequence, by=request.user, writer=request.POST.get("draft_writer", ""))
    except DraftConflict as error:
        return render_both(request, key, words, error)
    if not wants_json(request):
        messages.success(request, _("Your words are kept. You find them here and in your drafts."))
        return redirect(address_of_draft(key))
    beside = render_to_string("discussions/_advice.html", {"advice": advice(request.user, key, words)})
    return JsonResponse({"sequence": draft.sequence if draft else 0, "advice": beside})


@require_POST
def draft_drop(request: MemberRequest) -> HttpResponse:
    """Out of the form itself by its key, out of the list by its number: a key may hold the name of a closed space."""
    key, number = request.POST.get("draft_key", ""), whole_number(request.POST.get("draft"))
    if number is not None:
        key = Draft.objects.filter(member=request.user, pk=number).values_list("key", flat=True).first() or ""
    drop_draft(key, by=request.user)
    if wants_json(request):
        return JsonResponse({"sequence": 0})
    messages.success(request, _("The draft is gone."))
    return redirect("draft_list")


def render_both(
    request: MemberRequest, key: str, words: dict[str, str], error: DraftConflict
) -> HttpResponse:
    """What this window wrote and what the other one did; which of them stays is the writer's to say."""
    if wants_json(request):
        other = {"sequence": error.draft.sequence, "words": error.draft.words}
        return JsonResponse({"detail": error.sentence, **other}, status=409)
    theirs = error.draft.words
    text_name = next((name for name in TEXTS if words.get(name) or theirs.get(name)), "body")
    context = {
        "sentence": error.sentence,
        "key": key,
        "sequence": error.draft.sequence,
        "text_name": text_name,
        "mine": words.get(text_name, ""),
        "theirs": theirs.get(text_name, ""),
        "my_words": [(name, value) for name, value in words.items() if name != text_name],
        "url": address_of_draft(key),
    }
    return render(request, "discussions/draft_conflict.html", context, status=409)


def forget_what_was_sent(request: MemberRequest, key: str) -> None:
    """Forget the draft of a form that was sent, unless another window has written something else there since."""
    sequence = whole_number(request.POST.get("draft_sequence"), default=0, highest=HIGHEST) or 0
    draft = Draft.objects.filter(member=request.user, key=key).first()
    if draft is None:
        return
    is_same = all(
        draft.words.get(name, "").strip() == request.POST.get(name, "").replace("\r\n", "\n").strip()
        for name in TEXTS
    )
    is_ours = bool(draft.writer) and draft.writer == request.POST.get("draft_writer", "")
    if is_same or is_ours or draft.sequence <= sequence:
        drop_draft(key, by=request.user)


def writing_in(request: MemberRequest, key: str, draft: Draft | None) -> Writing:
    """What a form carries; one that comes back with a refusal goes on from where it was, not from another window."""
    aids = writing(request.user, key, draft)
    if request.method != "POST":
        return aids
    sequence = whole_number(request.POST.get("draft_sequence"), default=0, highest=HIGHEST) or 0
    return replace(aids, sequence=sequence, saved_label="", is_restored=False)


@require_safe
def mention_list(request: MemberRequest) -> HttpResponse:
    """Whom the writer of a form can name, by the beginning of a handle or of a name."""
    key = request.GET.get("key", "")
    if key.startswith("topic:") and request.GET.get("space"):
        key = f"topic:new:{request.GET['space']}"
    people = mention_rows(request.user, key, request.GET.get("q", ""))
    rows = [
        {"handle": row.handle, "name": row.name, "headline": row.headline, "initials": row.initials}
        for row in people
    ]
    return JsonResponse({"people": rows})
