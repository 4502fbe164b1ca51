"""Attaching files to what is being written, and opening them for whoever may read where they stand."""

from typing import Any

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Invalid
from community.core.http import whole_number
from discussions.actions.attachment import attach_file, path_of, reference_to
from discussions.actions.draft import DraftConflict, save_draft
from discussions.actions.resource import note_reader
from discussions.models import Attachment
from discussions.queries.writing import address_of_draft, joined, prose_of
from discussions.views.draft import HIGHEST, render_both, wants_json, words_of
from members.requests import MemberRequest


@require_POST
def attachment_create(request: MemberRequest) -> HttpResponse:
    """Take a file. The script gets what to put into the text; without it the text is kept as a draft and comes back.

    What cannot be taken is a sentence, and the text is kept all the same.
    """
    upload: Any = request.FILES.get("file")
    try:
        if upload is None:
            sentence = _("Choose a file first.")
            raise Invalid(sentence, fields={"file": [sentence]})
        attachment = attach_file(upload, by=request.user, alt=request.POST.get("alt", ""))
    except Invalid as error:
        if wants_json(request):
            raise
        return _back(request, None, error)
    if wants_json(request):
        return JsonResponse(
            {
                "url": attachment.get_absolute_url(),
                "name": attachment.file_name,
                "alt": attachment.alt,
                "is_image": attachment.is_image,
            },
            status=201,
        )
    return _back(request, attachment, None)


@require_safe
def attachment_show(request: MemberRequest, name: str) -> HttpResponseBase:
    """One file, to whoever may read the post or message it stands in, or has uploaded it.

    A picture was drawn by us and is shown; everything else is only ever downloaded.
    """
    attachment = get_object_or_404(
        Attachment.objects.visible_to(request.user).select_related("resource"), name=name
    )
    path = path_of(attachment.name)
    if not default_storage.exists(path):
        raise Http404
    if attachment.resource is not None and not attachment.is_image:
        note_reader(attachment.resource, by=request.user, downloads=True)
    response = FileResponse(
        default_storage.open(path),
        as_attachment=not attachment.is_image,
        filename=attachment.file_name,
        content_type=attachment.content_type,
    )
    response["Content-Length"] = attachment.size
    # What may be read today may be closed tomorrow: asked again each time.
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _back(request: MemberRequest, attachment: Attachment | None, error: Invalid | None) -> HttpResponse:
    """Keep the text with what was attached, and return to its form."""
    key = request.POST.get("draft_key", "")
    words = words_of(request.POST.dict())
    if attachment is not None:
        prose = joined(prose_of(words), reference_to(attachment))
        words |= {"body": prose.source, "body_format": str(prose.source_format)}
    sequence = whole_number(request.POST.get("draft_sequence"), default=0, highest=HIGHEST) or 0
    writer = request.POST.get("draft_writer", "")
    try:
        save_draft(key, words, sequence, by=request.user, writer=writer)
    except DraftConflict as conflict:
        return render_both(request, key, words, conflict)
    if error is not None:
        messages.error(request, error.sentence)
    else:
        messages.success(request, _("The file is attached: it stands at the end of your text."))
    return redirect(address_of_draft(key))
