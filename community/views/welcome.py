"""The welcome of a newcomer: three steps, each of which can be skipped."""

import uuid
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from community.core.errors import Conflict, Invalid
from community.core.forms import ActionForm, LineField, ProseField
from community.core.permissions import require
from community.core.text import Prose, SourceFormat
from community.welcome import (
    held_introduction,
    introduce_newcomer,
    introduction_template,
    space_for_introductions,
)
from discussions.forms.writing import WritingForm
from discussions.models import TITLE_LENGTH, HeldPost
from discussions.queries import readable_by
from discussions.queries.spaces import quality_of
from discussions.views.topic import advised_in, say_held
from members.actions.fact import FactChange, set_facts
from members.actions.welcome import STEPS, lead_to_welcome, next_step, take_step
from members.models import Fact, Member, Welcome
from members.permissions import is_admitted
from members.queries.welcome import step_labels
from members.requests import MemberRequest


class KnowsForm(ActionForm):
    helps_topics = LineField(
        label=gettext_lazy("Topics I can help with"),
        max_length=400,
        required=False,
        help_text=gettext_lazy("Words with commas between them, as in: pricing, audits"),
    )
    can_help_with = LineField(
        label=gettext_lazy("In a sentence"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("It is what people read before they ask you."),
    )


class LooksForForm(ActionForm):
    looks_topics = LineField(
        label=gettext_lazy("Topics I am looking for"),
        max_length=400,
        required=False,
        help_text=gettext_lazy("People who know them hear of your first post."),
    )
    looks_for = LineField(
        label=gettext_lazy("In a sentence"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("What would make this place worth your time."),
    )


class IntroducesForm(WritingForm):
    title = LineField(label=gettext_lazy("Title"), max_length=TITLE_LENGTH)
    body = ProseField(label=gettext_lazy("Your introduction"))
    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)


FORMS: dict[str, type[ActionForm]] = {
    "knows": KnowsForm,
    "looks_for": LooksForForm,
    "introduces": IntroducesForm,
}


@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: MemberRequest) -> HttpResponse:
    """Rule 1.11. Shows the first step that is left, or the one asked for; the last one leads to what was posted."""
    require(is_admitted(request.user))
    member = request.user
    lead_to_welcome(member)
    there = Welcome.objects.filter(member=member).first()
    asked = request.POST.get("step") or request.GET.get("step") or ""
    step = asked if asked in STEPS else next_step(there)
    if not step:
        return redirect("home")
    if step == "introduces" and there is not None and there.topic_id:
        # One introduction: whoever comes back to it reads what was answered.
        return redirect("topic_show", topic_id=there.topic_id)
    if step == "introduces" and there is not None and there.introduced_at is not None:
        held = held_introduction(member)
        if held is not None:
            return redirect(held.posted.topic if held.posted else "own_case_list")
    if request.method == "POST" and "skip" in request.POST:
        return _on_from(take_step(member, step, by=member, is_skipped=True))
    form = FORMS[step](request.POST or None, initial=_said(member, step))
    if request.method == "POST" and form.is_valid():
        try:
            return _take(request, step, form.cleaned_data)
        except Invalid as error:
            form.take_refusal(error)
        except Conflict as error:
            form.add_error(None, error.sentence)
    number = list(STEPS).index(step) + 1
    space = space_for_introductions(member) if step == "introduces" else None
    context = {
        "form": form,
        "step": step,
        "number": number,
        "steps": [
            {"name": name, "number": place, "label": label, "is_here": name == step}
            for place, (name, label) in enumerate(step_labels().items(), start=1)
        ],
        "back": list(STEPS)[number - 2] if number > 1 else "",
        "readable_by": readable_by(space) if space else "",
        "space_name": space.name if space else "",
        "rules": quality_of(space) if space else [],
    }
    return render(request, "welcome.html", context, status=422 if form.errors else 200)


def _take(request: MemberRequest, step: str, said: dict[str, Any]) -> HttpResponse:
    member = request.user
    if step == "introduces":
        topic = introduce_newcomer(
            member,
            by=member,
            title=said["title"],
            prose=said["body"],
            idempotency_key=said["idempotency_key"] or None,
            advised=advised_in(request),
        )
        return say_held(request) if isinstance(topic, HeldPost) else redirect(topic)
    # One fact says topics, the other a sentence; an empty one takes the fact away.
    set_facts(
        member,
        {key: FactChange([value] if value else []) for key, value in said.items()},
        by=member,
    )
    return _on_from(take_step(member, step, by=member, is_skipped=not any(said.values())))


def _on_from(row: Welcome) -> HttpResponse:
    return redirect("welcome" if next_step(row) else "home")


def _said(member: Member, step: str) -> dict[str, Any]:
    """What stands in the profile already, from the application or from an earlier visit."""
    facts = dict(
        Fact.objects.filter(
            member=member, field__key__in=["helps_topics", "can_help_with", "looks_topics", "looks_for"]
        ).values_list("field__key", "values")
    )
    text = {key: ", ".join(values) for key, values in facts.items()}
    if step != "introduces":
        return text
    helps = " ".join(filter(None, [text.get("can_help_with"), text.get("helps_topics")]))
    looks = " ".join(filter(None, [text.get("looks_for"), text.get("looks_topics")]))
    return {
        "title": _("Hello from {name}").format(name=member.display_name),
        "body": Prose(introduction_template(helps, looks), SourceFormat.MARKDOWN),
        "idempotency_key": uuid.uuid4().hex,
    }
