"""Files of posts and messages as JSON: uploading one for a text, and reading those one may open."""

import base64
from io import BytesIO
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from community.core.api.fields import AddressField, Base64Field, MomentField, StrictSerializer, TextField
from community.core.api.pagination import Keyset
from community.core.api.schema import id_parameter
from community.core.api.views import Endpoint, found, unlike_the_rest
from discussions.actions.attachment import ALT_LENGTH, FILE_NAME_LENGTH, attach_file, path_of, reference_to
from discussions.models import Attachment
from members.requests import ApiRequest


class AttachmentSerializer(serializers.Serializer[Attachment]):
    id = serializers.IntegerField()
    url = AddressField()
    file_name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField(help_text=gettext_lazy("In bytes."))
    width = serializers.IntegerField(help_text=gettext_lazy("In pixels; 0 for what is no picture."))
    height = serializers.IntegerField()
    alt = serializers.CharField(
        help_text=gettext_lazy("What the picture shows, for those who cannot see it.")
    )
    created_at = MomentField()
    markdown = serializers.SerializerMethodField(
        help_text=gettext_lazy(
            "What to put into the body of a post or message; until then it is the uploader's alone."
        )
    )

    def get_markdown(self, attachment: Attachment) -> str:
        return reference_to(attachment).source.strip()


class AttachmentWithContent(AttachmentSerializer):
    content = serializers.SerializerMethodField(help_text=gettext_lazy("The file in base64."))

    def get_content(self, attachment: Attachment) -> str:
        try:
            with default_storage.open(path_of(attachment.name)) as file:
                return base64.b64encode(file.read()).decode("ascii")
        except FileNotFoundError as error:
            raise Http404 from error


class AttachmentDraft(StrictSerializer):
    file_name = TextField(max_length=4 * FILE_NAME_LENGTH, help_text=gettext_lazy("With its ending."))
    content = Base64Field(help_text=gettext_lazy("The file in base64."), max_length=100_000_000)
    alt = TextField(
        max_length=ALT_LENGTH,
        required=False,
        help_text=gettext_lazy("What a picture shows, for those who cannot see it."),
    )


class AttachmentEndpoint(Endpoint):
    """Uploaded files. One belongs to its uploader until a post or message of theirs names it."""

    noun = "attachment"
    keyset = Keyset(("pk",), (int,))

    def get_queryset(self) -> QuerySet[Attachment]:
        return Attachment.objects.visible_to(self.request.user)

    @extend_schema(request=AttachmentDraft, responses={201: AttachmentSerializer})
    def create(self, request: ApiRequest) -> Response:
        """Upload a file. Pictures are drawn anew; what the file is not taken for is said in a sentence (409)."""
        values: dict[str, Any] = self.body(AttachmentDraft)
        # No schema of requests can say what is inside a file.
        with unlike_the_rest():
            attachment = attach_file(
                BytesIO(values["content"]),
                by=request.user,
                alt=values.get("alt", ""),
                file_name=values["file_name"],
            )
        return self.shown(attachment, AttachmentSerializer, status=201)

    @extend_schema(parameters=[id_parameter("attachment_id")], responses=AttachmentWithContent)
    def retrieve(self, request: ApiRequest, attachment_id: int) -> Response:
        """Read a file that stands in something the member may read."""
        return self.shown(found(self.get_queryset(), pk=attachment_id), AttachmentWithContent)
