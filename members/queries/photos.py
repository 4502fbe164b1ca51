"""Where the picture of a person is, for whoever may see the person."""

from django.urls import reverse

from members.actions.photo import PhotoSize
from members.models import Member, Photo


def photo_url(member: Member, size: PhotoSize = PhotoSize.SMALL) -> str:
    """The address of the picture, '' where there is none. One query, unless `photo` was loaded with the member."""
    photo: Photo | None = getattr(member, "photo", None)
    return "" if photo is None else reverse("photo_show", args=[photo.name, int(size)])
