"""What a space asks of the words themselves, tried on what was posted; its figures; who could look after it."""

from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Invalid
from community.core.permissions import require
from community.core.text import SourceFormat, excerpt, plain_text
from community.core.text import render as render_prose
from discussions.actions.steward import decide_proposal, name_stand_in, propose_steward, settle_quality
from discussions.forms.moderation import ProposalForm, QualityForm, StandInForm, TryForm
from discussions.models import Post, Space, SpaceSteward, StewardProposal
from discussions.permissions import can_propose_steward, can_read_figures, can_try_rules
from discussions.quality import QualityRules, explained, judge, read_written
from discussions.queries import moderation as queries
from discussions.views.moderation import moderated
from members.requests import MemberRequest

#: Of the space's latest posts so many are tried.
TRIED: Final = 200
SHOWN: Final = 20


@moderated
def space_rules(request: MemberRequest, slug: str) -> HttpResponse:
    """Rule 8.3: settle the rules; or, with the other button, try them on past posts and on words of one's own first."""
    space = _space(request, slug)
    require(can_try_rules(request.user, space))
    is_trial = "try" in request.POST
    form = QualityForm(request.POST or None, space=space, preset=request.GET.get("preset", ""))
    trial = TryForm(request.POST or None)
    found: list[dict[str, object]] = []
    own: list[str] = []
    tried = 0
    if request.method == "POST" and form.is_valid() and trial.is_valid():
        if is_trial:
            found, tried = _try_on_past(space, form.rules())
            text = trial.cleaned_data["text"]
            html = render_prose(text, SourceFormat.MARKDOWN).html
            own = judge(read_written(html), form.rules()).sentences if text.strip() else []
            own = own or ([_("Nothing to say about these words.")] if text.strip() else [])
        else:
            try:
                settle_quality(space, by=request.user, rules=form.rules())
            except Invalid as error:
                form.take_refusal(error)
            else:
                messages.success(request, _("The rules are settled. Authors read them before they send."))
                return redirect("space_rules", space.slug)
    context = {
        "space": {"name": space.name, "slug": space.slug, "url": space.get_absolute_url()},
        "form": form,
        "trial": trial,
        "is_trial": is_trial,
        "found": found[:SHOWN],
        "found_count": len(found),
        "tried": tried,
        "own": own,
        "explained": explained(form.rules()) if form.is_bound and not form.errors else [],
    }
    return render(
        request, "discussions/space_rules.html", context, status=422 if form.errors or trial.errors else 200
    )


def _try_on_past(space: Space, rules: QualityRules) -> tuple[list[dict[str, object]], int]:
    """What the rules would have said of the latest posts of the space; own companies and repetitions are left out."""
    posts = Post.objects.present().filter(topic__space=space, topic__deleted_at__isnull=True)
    found: list[dict[str, object]] = []
    tried = 0
    for post in posts.select_related("topic").order_by("-pk")[:TRIED]:
        tried += 1
        verdict = judge(read_written(post.html), rules, is_reply=post.number > 1)
        if verdict.findings:
            found.append(
                {
                    "title": post.topic.title,
                    "url": post.get_absolute_url(),
                    "excerpt": excerpt(plain_text(post.html), 160),
                    "sentences": verdict.sentences,
                    "outcome": verdict.outcome.value,
                }
            )
    return found, tried


@require_safe
@moderated
def space_figures(request: MemberRequest, slug: str) -> HttpResponse:
    """Rule 8.4: what was decided in the space, and what of it by whoever looks."""
    space = _space(request, slug)
    require(can_read_figures(request.user, space))
    context = {
        "space": {"name": space.name, "url": space.get_absolute_url()},
        "page": queries.space_figures(space, request.user),
    }
    return render(request, "discussions/space_figures.html", context)


@moderated
def steward_propose(request: MemberRequest, slug: str) -> HttpResponse:
    """Rule 8.4: anybody who reads the space says who could look after it."""
    space = _space(request, slug)
    require(can_propose_steward(request.user, space))
    form = ProposalForm(request.POST or None, by=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            propose_steward(
                space, form.cleaned_data["who"], by=request.user, words=form.cleaned_data["words"]
            )
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(request, _("Proposed. The community managers decide."))
            return redirect(space)
    context = {"space": {"name": space.name, "url": space.get_absolute_url()}, "form": form}
    return render(request, "discussions/steward_propose.html", context, status=422 if form.errors else 200)


@require_POST
@moderated
def steward_proposal_decide(request: MemberRequest, proposal_id: int) -> HttpResponse:
    """`is_named` is yes or no."""
    proposals = StewardProposal.objects.select_related("space", "member")
    proposal = get_object_or_404(
        proposals.filter(space__in=Space.objects.visible_to(request.user)), pk=proposal_id
    )
    answer = request.POST.get("is_named")
    if answer not in {"yes", "no"}:
        raise Invalid(_("Say yes or no."))
    decide_proposal(proposal, by=request.user, is_named=answer == "yes")
    return redirect("space_people", proposal.space.slug)


@moderated
def stand_in_add(request: MemberRequest, slug: str) -> HttpResponse:
    """Rule 8.4: who has one's powers while one is away."""
    space = _space(request, slug)
    get_object_or_404(
        SpaceSteward.objects.current(), space=space, member=request.user, stands_in_for__isnull=True
    )
    form = StandInForm(request.POST or None, by=request.user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            name_stand_in(space, data["who"], by=request.user, from_at=data["from_at"], until=data["until"])
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(request, _("{name} stands in for you.").format(name=data["who"].display_name))
            return redirect(space)
    context = {"space": {"name": space.name, "url": space.get_absolute_url()}, "form": form}
    return render(request, "discussions/stand_in_add.html", context, status=422 if form.errors else 200)


def _space(request: MemberRequest, slug: str) -> Space:
    return get_object_or_404(Space.objects.visible_to(request.user), slug=slug)
