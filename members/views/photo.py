"""The photo of a person: giving one, taking it away, and showing it to those who may see the person."""

from django.contrib import messages
from django.core.files.storage import default_storage
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Invalid
from community.core.moments import initials
from members.actions.photo import PhotoSize, change_photo, delete_photo, path_of
from members.forms.profile import PhotoForm
from members.models import Member, Photo
from members.queries.photos import photo_url
from members.requests import MemberRequest


def photo_edit(request: MemberRequest) -> HttpResponse:
    """Choose a photo."""
    is_sent = request.method == "POST"
    form = PhotoForm(request.POST, request.FILES) if is_sent else PhotoForm()
    if is_sent and form.is_valid():
        try:
            change_photo(request.user, form.cleaned_data["photo"], by=request.user)
        except Invalid as error:
            form.take_refusal(error)
        else:
            messages.success(request, _("Your photo is saved."))
            return redirect("photo_edit")
    context = {
        "form": form,
        "photo_url": photo_url(request.user, PhotoSize.LARGE),
        "initials": initials(request.user.display_name),
    }
    return render(request, "members/photo_edit.html", context, status=422 if form.errors else 200)


@require_POST
def photo_delete(request: MemberRequest) -> HttpResponse:
    delete_photo(request.user, by=request.user)
    messages.success(request, _("Your photo is gone. Your initials stand in its place."))
    return redirect("photo_edit")


@require_safe
def photo_show(request: MemberRequest, name: str, size: int) -> HttpResponse:
    """One square, to whoever may see the person. It is ours by its making; the headers treat it as if it were not."""
    if size not in set(PhotoSize):
        raise Http404
    may_see = Q(member__in=Member.objects.visible_to(request.user).values("pk")) | Q(member=request.user)
    photo = get_object_or_404(Photo.objects.filter(may_see), name=name)
    try:
        with default_storage.open(path_of(photo.name, size)) as file:
            content = file.read()
    except FileNotFoundError as error:
        raise Http404 from error
    response = HttpResponse(content, content_type="image/webp")
    # A new photo has a new address, so the browser need not ask again; nobody between may keep it.
    response["Cache-Control"] = "private, max-age=86400, immutable"
    response["Content-Disposition"] = 'inline; filename="photo.webp"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["X-Content-Type-Options"] = "nosniff"
    return response
