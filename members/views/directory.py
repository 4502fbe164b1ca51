"""The directory: finding people, keeping a search, taking the list out of the house."""

from typing import Final

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Conflict, Invalid
from community.core.http import is_fragment
from community.core.permissions import require
from community.core.spreadsheets import csv_response
from community.core.text import clean_line
from members.actions.directory_export import export_directory
from members.actions.saved_search import delete_search, dismiss_suggestion, save_search
from members.directory import DirectorySearch, SavedParameters, facet_value, read_search
from members.forms.directory import SavedSearchForm
from members.models import Member, Organisation, SavedSearch
from members.permissions import can_export_directory, is_admitted
from members.queries.directory import directory_page, facet_page, fitting, resolve
from members.queries.directory_export import export_fields, export_header, export_rows
from members.queries.suggestions import suggestions
from members.requests import MemberRequest

VIEWS: Final = ("cards", "table")
VIEW_COOKIE: Final = "people_view"
LONGEST_FIND: Final = 60
_YEAR: Final = 365 * 24 * 3600


@require_safe
def member_list(request: MemberRequest) -> HttpResponse:
    """Rule 2.3: words, facets, cards or a table. The last view chosen is remembered in a cookie."""
    require(is_admitted(request.user))
    if slug := request.GET.get("organisation"):
        # Where activity of earlier days points to.
        return redirect(get_object_or_404(Organisation.objects.visible_to(request.user), slug=slug))
    return _page(request, read_search(request.GET))


def _page(
    request: MemberRequest,
    wanted: DirectorySearch,
    *,
    form: SavedSearchForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The directory; with the form that was refused, where a search could not be kept."""
    chosen = request.GET.get("view") or request.COOKIES.get(VIEW_COOKIE)
    view = chosen if chosen in VIEWS else VIEWS[0]
    page = directory_page(request.user, wanted, after=request.GET.get("after"))
    search = page.search
    path, query = reverse("member_list"), search.query()
    context = {
        "page": page,
        "members": page.members,
        "q": search.words,
        "is_new": search.is_new,
        "is_newest_first": search.is_newest_first,
        "is_narrowed": not search.is_empty,
        "view": view,
        "query": query,
        "older_url": page.next_url,
        "view_urls": {name: f"{path}?{query}&view={name}".replace("?&", "?") for name in VIEWS},
        "sort_urls": {
            "name": f"{path}?{search.sorted(newest_first=False).query()}",
            "newest": f"{path}?{search.sorted(newest_first=True).query()}",
        },
        "save_form": None if search.is_empty else form or SavedSearchForm(initial={"query": query}),
        "export_url": reverse("member_export") if can_export_directory(request.user) else "",
    }
    response = render(request, "members/member_list.html", context, status=status)
    if request.GET.get("view") == view and request.COOKIES.get(VIEW_COOKIE) != view:
        response.set_cookie(
            VIEW_COOKIE, view, max_age=_YEAR, secure=settings.SITE_IS_HTTPS, httponly=True, samesite="Lax"
        )
    return response


@require_safe
def facet_list(request: MemberRequest, key: str) -> HttpResponse:
    """All values of one facet, to be looked through and ticked; its buttons lead on, or back to the people."""
    require(is_admitted(request.user))
    page = facet_page(
        request.user,
        read_search(request.GET),
        key,
        find=clean_line(request.GET.get("find", ""))[:LONGEST_FIND],
        after=facet_value(request.GET.get("after", "")),
    )
    if page is None:
        raise Http404
    return render(request, "members/facet_list.html", {"page": page})


@require_POST
def saved_search_create(request: MemberRequest) -> HttpResponse:
    """Keep the search that is on the page."""
    form = SavedSearchForm(request.POST)
    search = read_search(SavedParameters(request.POST.get("query", "")))
    if form.is_valid():
        try:
            saved = save_search(
                by=request.user, name=form.cleaned_data["name"], query=resolve(search).search.query()
            )
        except Invalid as error:
            form.take_refusal(error)
        except Conflict as error:
            form.add_error("name", error.sentence)
        else:
            messages.success(request, _("“{name}” is kept beside the list.").format(name=saved.name))
            return redirect(f"{reverse('member_list')}?{saved.query}")
    require(is_admitted(request.user))
    return _page(request, search, form=form, status=422)


@require_POST
def saved_search_delete(request: MemberRequest, search_id: int) -> HttpResponse:
    """Somebody else's is not there."""
    search = get_object_or_404(SavedSearch, pk=search_id, member=request.user)
    delete_search(search, by=request.user)
    messages.success(request, _("“{name}” is deleted.").format(name=search.name))
    return redirect("member_list")


@require_safe
def suggestion_list(request: MemberRequest) -> HttpResponse:
    """Rule 2.3: people somebody might want to know and why; a page, and the panel beside the directory."""
    require(is_admitted(request.user))
    template = "members/_suggestion_list.html" if is_fragment(request) else "members/suggestion_list.html"
    return render(request, template, {"suggestions": suggestions(request.user)})


@require_POST
def suggestion_dismiss(request: MemberRequest, handle: str) -> HttpResponse:
    member = get_object_or_404(Member.objects.visible_to(request.user), handle=handle)
    dismiss_suggestion(member, by=request.user)
    return HttpResponse("") if is_fragment(request) else redirect("suggestion_list")


@require_POST
@reauthentication_required  # type: ignore[untyped-decorator]
def member_export(request: MemberRequest) -> HttpResponse | StreamingHttpResponse:
    """Everybody who fits the search as CSV, with what all members may see. Logged, numbered, five a day."""
    require(can_export_directory(request.user))
    resolved = resolve(read_search(SavedParameters(request.POST.get("query", ""))))
    export = export_directory(
        by=request.user, query=resolved.search.query(), rows=fitting(request.user, resolved).count()
    )
    fields = export_fields()
    rows = export_rows(export, request.user, resolved, fields)
    return csv_response(f"people-export-{export.pk}.csv", export_header(fields), rows)
