"""The library: reading, writing, handing in and publishing resources, and making them out of threads."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Conflict, Invalid, Refused
from community.core.http import is_fragment, whole_number
from community.core.keyset import with_query
from community.core.models import Module
from community.core.permissions import require
from community.core.text import SourceFormat, clean_line
from discussions.actions.contribution import (
    add_passages,
    answer_consent,
    ask_contributors,
    delete_passage,
    edit_passage,
    make_resource,
)
from discussions.actions.resource import (
    catch_up,
    create_resource,
    edit_resource,
    move_resource,
    note_reader,
    publish_resource,
    restore_resource,
    retire_resource,
    return_resource,
    review_resource,
    say_outcome,
    submit_resource,
    unsay_outcome,
)
from discussions.forms.library import (
    ConsentForm,
    PassageForm,
    ResourceForm,
    ResourceMakeForm,
    ResourceMoveForm,
    ResourceReasonForm,
    ResourceReviewForm,
)
from discussions.models import (
    TITLE_LENGTH,
    Consent,
    Outcome,
    Part,
    Post,
    Resource,
    ResourceContributor,
    ResourceKind,
    ResourceOutcome,
    ResourcePassage,
    Topic,
    visible_spaces,
)
from discussions.permissions import (
    can_create_topic,
    can_edit_resource,
    can_move_resource,
    can_retire_resource,
    can_review_resource,
)
from discussions.queries.library import (
    content_wanted as wanted_page,
)
from discussions.queries.library import (
    drafts_to_extend,
    library_page,
    own_passages,
    posts_to_take,
    resource_page,
    spaces_for_resources,
)
from discussions.queries.library import (
    library_desk as desk_page,
)
from discussions.queries.library import (
    resource_figures as figures_page,
)
from discussions.queries.library import (
    resource_history as history_rows,
)
from discussions.queries.library import (
    topic_resources as resources_of,
)
from discussions.queries.writing import draft_of
from discussions.views.draft import forget_what_was_sent, writing_in
from members.permissions import is_admitted
from members.requests import MemberRequest


def _open(request: MemberRequest) -> None:
    """Rule 15.6: in a community without a library there is no such page."""
    require(is_admitted(request.user))
    if not request.user.uses(Module.LIBRARY):
        raise Http404


@require_safe
def resource_list(request: MemberRequest) -> HttpResponse:
    _open(request)
    page = library_page(request.user, kind=request.GET.get("kind", ""), before=request.GET.get("before"))
    return render(request, "discussions/resource_list.html", {"library": page})


@require_safe
def library_desk(request: MemberRequest) -> HttpResponse:
    """One's own drafts; for those who look after a space also what waits there and what is to be looked at again."""
    _open(request)
    return render(request, "discussions/library_desk.html", {"desk": desk_page(request.user)})


@require_safe
def content_wanted(request: MemberRequest) -> HttpResponse:
    """Rule 5.3."""
    _open(request)
    return render(request, "discussions/content_wanted.html", {"wanted": wanted_page(request.user)})


@require_safe
def topic_resources(request: MemberRequest, topic_id: int) -> HttpResponse:
    """Rule 5.3: what a thread belongs to; a page, and the panel beside the thread."""
    _open(request)
    topic = _topic(request, topic_id)
    context = {
        "resources": resources_of(topic, request.user),
        "topic": {"title": topic.title, "url": topic.get_absolute_url()},
        "make_url": f"{topic.get_absolute_url()}resource/"
        if can_create_topic(request.user, topic.space)
        else "",
    }
    template = (
        "discussions/_resource_panel.html" if is_fragment(request) else "discussions/topic_resources.html"
    )
    return render(request, template, context)


@require_safe
def resource_show(request: MemberRequest, resource_id: int) -> HttpResponse:
    resource = _resource(request, resource_id)
    note_reader(resource, by=request.user)
    return _render(request, resource)


def _render(
    request: MemberRequest,
    resource: Resource,
    *,
    status: int = 200,
    return_form: ResourceReasonForm | None = None,
    retire_form: ResourceReasonForm | None = None,
) -> HttpResponse:
    context = {
        "resource": resource_page(resource, request.user),
        "return_form": return_form or ResourceReasonForm(prefix="return"),
        "retire_form": retire_form or ResourceReasonForm(prefix="retire"),
        "review_form": ResourceReviewForm(),
    }
    return render(request, "discussions/resource_show.html", context, status=status)


@require_safe
def resource_history(request: MemberRequest, resource_id: int) -> HttpResponse:
    resource = _resource(request, resource_id)
    context = {"resource": _heading(resource), "revisions": history_rows(resource, request.user)}
    return render(request, "discussions/resource_history.html", context)


@require_safe
def resource_figures(request: MemberRequest, resource_id: int) -> HttpResponse:
    """Rule 5.4: for its owner, and who looks after the space."""
    resource = _resource(request, resource_id)
    require(can_retire_resource(request.user, resource))
    context = {"resource": _heading(resource), "figures": figures_page(resource)}
    return render(request, "discussions/resource_figures.html", context)


@require_safe
def resource_export(request: MemberRequest, resource_id: int) -> HttpResponse:
    """The resource as Markdown, to take along: with the names that the page has, and no others."""
    resource = _resource(request, resource_id)
    page = resource_page(resource, request.user)
    lines = [f"# {resource.title}", resource.summary, resource.link]
    # What the editor wrote is HTML, which Markdown may hold.
    lines.append(resource.source if resource.source_format == SourceFormat.MARKDOWN else resource.html)
    words = dict(resource.passages.values_list("pk", "source"))
    for row in [*page.passages, *page.challenges]:
        quoted = "\n".join(f"> {line}" for line in words[row.id].splitlines())
        credit = f"({row.credit}, {row.part_label})" if row.credit else f"({row.part_label})"
        lines += [row.lead, quoted, credit]
    if resource.dissent:
        lines += [f"## {_('Who saw it otherwise')}", resource.dissent]
    text = "\n\n".join(filter(None, lines)) + "\n"
    response = HttpResponse(text, content_type="text/markdown; charset=utf-8")
    name = slugify(resource.title)[:60] or f"resource-{resource.pk}"
    response["Content-Disposition"] = f'attachment; filename="{name}.md"'
    return response


# --- writing ----------------------------------------------------------------------------------------------------


def resource_create(request: MemberRequest) -> HttpResponse:
    _open(request)
    spaces = spaces_for_resources(request.user)
    draft = draft_of(request.user, "resource:new")
    form = ResourceForm(
        request.POST or None,
        spaces=spaces,
        words=draft.words if draft else None,
        title=clean_line(request.GET.get("title", ""))[:TITLE_LENGTH],
    )
    if request.method == "POST" and form.is_valid():
        try:
            resource = create_resource(
                form.cleaned_data["space"],
                by=request.user,
                words=form.resource_words(),
                idempotency_key=form.cleaned_data["idempotency_key"],
            )
        except Invalid as error:
            form.take_refusal(error)
        else:
            forget_what_was_sent(request, "resource:new")
            messages.success(request, _("The draft is kept. Hand it in when it is ready."))
            return redirect(resource)
    context = {
        "form": form,
        "may_write": bool(spaces),
        "writing": writing_in(request, "resource:new", draft),
    }
    return render(request, "discussions/resource_create.html", context, status=422 if form.errors else 200)


def resource_edit(request: MemberRequest, resource_id: int) -> HttpResponse:
    """Change it; a save by somebody else meanwhile is said, and nothing that was typed is lost."""
    resource = _resource(request, resource_id)
    require(can_edit_resource(request.user, resource))
    key = f"resource:{resource.pk}"
    draft = draft_of(request.user, key)
    form = ResourceForm(request.POST or None, written=resource, words=draft.words if draft else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            edit_resource(
                resource,
                by=request.user,
                words=form.resource_words(),
                version=form.cleaned_data["version"],
                note=form.cleaned_data["note"],
            )
        except Invalid as error:
            form.take_refusal(error)
        except Conflict as error:
            form.start_again_from(resource, error)
            status = 409
        else:
            forget_what_was_sent(request, key)
            return redirect(resource)
    if form.errors and status == 200:
        status = 422
    context = {
        "form": form,
        "resource": _heading(resource),
        "writing": writing_in(request, key, draft),
    }
    return render(request, "discussions/resource_edit.html", context, status=status)


def resource_make(request: MemberRequest, topic_id: int) -> HttpResponse:
    """Rule 5.2: choose posts of a thread; they become passages of a draft, or join one."""
    _open(request)
    topic = _topic(request, topic_id)
    require(can_create_topic(request.user, topic.space))
    drafts = drafts_to_extend(request.user)
    form = ResourceMakeForm(request.POST or None, title=topic.title, drafts=drafts)
    after = whole_number(request.GET.get("after"), default=0, highest=2**31 - 1) or 0
    rows, next_after = posts_to_take(topic, request.user, after=after)
    if request.method == "POST" and form.is_valid():
        chosen = Post.objects.visible_to(request.user).filter(topic=topic).in_bulk(form.chosen)
        posts = [chosen[pk] for pk in form.chosen if pk in chosen]
        into = form.drafts.get(form.cleaned_data["into"])
        try:
            resource = (
                make_resource(
                    posts,
                    by=request.user,
                    kind=ResourceKind(form.cleaned_data["kind"]),
                    title=form.cleaned_data["title"],
                    parts=form.parts(),
                )
                if into is None
                else add_passages(into, posts, by=request.user, parts=form.parts())
            )
        except (Invalid, Conflict) as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(
                request, _("The passages stand in a draft. Write around them, then ask those who wrote them.")
            )
            return redirect(resource)
    url = f"{topic.get_absolute_url()}resource/"
    context = {
        "form": form,
        "topic": {
            "title": topic.title,
            "url": topic.get_absolute_url(),
            "space_name": topic.space.name,
            "space_url": topic.space.get_absolute_url(),
        },
        "posts": rows,
        "parts": Part.choices,
        "chosen": set(form.chosen),
        "next_url": with_query(url, after=str(next_after)) if next_after else "",
    }
    return render(request, "discussions/resource_make.html", context, status=422 if form.errors else 200)


def passage_edit(request: MemberRequest, passage_id: int) -> HttpResponse:
    passage = _passage(request, passage_id)
    require(can_edit_resource(request.user, passage.resource))
    form = PassageForm(request.POST or None, passage=passage)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            edit_passage(
                passage,
                by=request.user,
                lead=data["lead"],
                prose=data["body"],
                part=Part(data["part"]),
                position=data["position"],
            )
        except (Invalid, Conflict) as error:
            form.add_error(None, error.sentence)
        else:
            return redirect(passage)
    context = {
        "form": form,
        "resource": _heading(passage.resource),
        "delete_url": f"{request.path.removesuffix('edit/')}delete/",
    }
    return render(request, "discussions/passage_edit.html", context, status=422 if form.errors else 200)


@require_POST
def passage_delete(request: MemberRequest, passage_id: int) -> HttpResponse:
    resource = delete_passage(_passage(request, passage_id), by=request.user)
    messages.success(request, _("The passage is out."))
    return redirect(resource)


# --- contributors -----------------------------------------------------------------------------------------------


@require_POST
def resource_ask(request: MemberRequest, resource_id: int) -> HttpResponse:
    resource = ask_contributors(_resource(request, resource_id), by=request.user)
    messages.success(request, _("They are asked. Each has five days to answer."))
    return redirect(resource)


def resource_consent(request: MemberRequest, resource_id: int) -> HttpResponse:
    """Rule 5.2: approve, edit, go nameless or refuse; afterwards how one's words were used."""
    resource = _resource(request, resource_id)
    contributor = get_object_or_404(
        ResourceContributor.objects.exclude(choice=Consent.REFUSED), resource=resource, member=request.user
    )
    passages = own_passages(contributor)
    form = ConsentForm(
        request.POST or None,
        passages=passages,
        choice=contributor.choice,
        may_leave=contributor.may_leave,
    )
    if request.method == "POST" and form.is_valid():
        choice = Consent(form.cleaned_data["choice"])
        try:
            answer_consent(
                resource,
                by=request.user,
                choice=choice,
                words={} if choice == Consent.REFUSED else form.words(),
                may_leave=form.cleaned_data["may_leave"],
            )
        except Invalid as error:
            form.take_refusal(error)
        else:
            if choice == Consent.REFUSED:
                messages.success(request, _("Your words have left it."))
                return redirect("resource_list")
            messages.success(request, _("Your answer is kept. You can change it at any time."))
            return redirect("resource_consent", resource.pk)
    context = {
        "form": form,
        "passages": passages,
        "resource": resource_page(resource, request.user),
        "due_at": contributor.due_at if contributor.choice == Consent.WAITING else None,
        "answer_label": Consent(contributor.choice).label if contributor.choice else "",
    }
    return render(request, "discussions/resource_consent.html", context, status=422 if form.errors else 200)


# --- states -----------------------------------------------------------------------------------------------------


@require_POST
def resource_submit(request: MemberRequest, resource_id: int) -> HttpResponse:
    resource = submit_resource(_resource(request, resource_id), by=request.user)
    messages.success(request, _("It is handed in. Those who look after the space decide."))
    return redirect(resource)


@require_POST
def resource_publish(request: MemberRequest, resource_id: int) -> HttpResponse:
    resource = publish_resource(_resource(request, resource_id), by=request.user)
    messages.success(request, _("It is in the library."))
    return redirect(resource)


@require_POST
def resource_return(request: MemberRequest, resource_id: int) -> HttpResponse:
    resource = _resource(request, resource_id)
    require(can_review_resource(request.user, resource))
    form = ResourceReasonForm(request.POST, prefix="return")
    if form.is_valid():
        try:
            return_resource(resource, by=request.user, reason=form.cleaned_data["reason"])
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(request, _("Its owner has it back, with your reason."))
            return redirect(resource)
    return _render(request, resource, status=422, return_form=form)


@require_POST
def resource_retire(request: MemberRequest, resource_id: int) -> HttpResponse:
    resource = _resource(request, resource_id)
    require(can_retire_resource(request.user, resource))
    form = ResourceReasonForm(request.POST, prefix="retire")
    if form.is_valid():
        try:
            retire_resource(resource, by=request.user, reason=form.cleaned_data["reason"])
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(request, _("It is out of the library. Its address says why."))
            return redirect(resource)
    return _render(request, resource, status=422, retire_form=form)


@require_POST
def resource_restore(request: MemberRequest, resource_id: int) -> HttpResponse:
    return _then_show(request, resource_id, restore_resource)


@require_POST
def resource_catch_up(request: MemberRequest, resource_id: int) -> HttpResponse:
    return _then_show(request, resource_id, catch_up)


@require_POST
def resource_review(request: MemberRequest, resource_id: int) -> HttpResponse:
    """Rule 5.1: it is still right."""
    resource = _resource(request, resource_id)
    form = ResourceReviewForm(request.POST)
    day = form.cleaned_data["review_on"] if form.is_valid() else None
    review_resource(resource, by=request.user, review_on=day)
    messages.success(request, _("Noted: it is still right."))
    return redirect(resource)


def resource_move(request: MemberRequest, resource_id: int) -> HttpResponse:
    """A manager's decision who may read it."""
    resource = _resource(request, resource_id)
    require(can_move_resource(request.user, resource))
    spaces = {space.slug: space for space in visible_spaces(request.user) if space.pk != resource.space_id}
    form = ResourceMoveForm(request.POST or None, spaces=spaces)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            move_resource(resource, data["space"], by=request.user, reason=data["reason"])
        except (Invalid, Conflict, Refused) as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, _("It stands in {space} now.").format(space=data["space"].name))
            return redirect(resource)
    context = {"form": form, "resource": _heading(resource)}
    return render(request, "discussions/resource_move.html", context, status=422 if form.errors else 200)


@require_POST
def resource_outcome(request: MemberRequest, resource_id: int) -> HttpResponse:
    """Rule 5.4: one tap; the same one again takes it back."""
    resource = _resource(request, resource_id)
    value = request.POST.get("outcome", "")
    if value not in Outcome.values:
        raise Invalid(_("Choose what it was good for."))
    outcome = Outcome(value)
    said = ResourceOutcome.objects.filter(resource=resource, member=request.user, outcome=outcome).exists()
    (unsay_outcome if said else say_outcome)(resource, outcome, by=request.user)
    return redirect(resource)


# --- shared -----------------------------------------------------------------------------------------------------


def _then_show(request: MemberRequest, resource_id: int, act: Callable[..., Resource]) -> HttpResponse:
    return redirect(act(_resource(request, resource_id), by=request.user))


def _resource(request: MemberRequest, resource_id: int) -> Resource:
    resources = Resource.objects.visible_to(request.user).select_related("space", "owner")
    return get_object_or_404(resources, pk=resource_id)


def _passage(request: MemberRequest, passage_id: int) -> ResourcePassage:
    seen = Resource.objects.visible_to(request.user)
    passages = (
        ResourcePassage.objects.visible_to(request.user)
        .filter(resource__in=seen)
        .select_related("resource__space", "resource__owner")
    )
    return get_object_or_404(passages, pk=passage_id)


def _topic(request: MemberRequest, topic_id: int) -> Topic:
    return get_object_or_404(Topic.objects.visible_to(request.user).select_related("space"), pk=topic_id)


def _heading(resource: Resource) -> dict[str, str]:
    return {"title": resource.title, "url": resource.get_absolute_url(), "space_name": resource.space.name}
