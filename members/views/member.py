"""The list of people and the page of one."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from community.core.text import clean_line
from members.models import Member, Organisation
from members.queries.people import member_page, member_rows, older_people_url
from members.requests import MemberRequest


@require_safe
def member_list(request: MemberRequest) -> HttpResponse:
    words = clean_line(request.GET.get("q", ""))[:200]
    slug = request.GET.get("organisation")
    organisation = get_object_or_404(Organisation, slug=slug) if slug else None
    rows, key = member_rows(
        request.user, words=words, organisation=organisation, after=request.GET.get("after")
    )
    return render(
        request,
        "members/member_list.html",
        {
            "members": rows,
            "q": words,
            "organisation": organisation,
            "older_url": older_people_url(words, organisation, key),
        },
    )


@require_safe
def member_show(request: MemberRequest, handle: str) -> HttpResponse:
    member = get_object_or_404(Member.objects.visible_to(request.user), handle=handle)
    return render(request, "members/member_show.html", {"member": member_page(member, request.user)})
