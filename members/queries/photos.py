"""Where the picture of a person is, for whoever may see the person."""

from django.urls import reverse

from members.actions.photo import PhotoSize
from members.models import Member, Photo


def photo_url(member: Member, size: PhotoSize = PhotoSize.SMALL) -> str:
    """The address of the picture, '' where there is none. One query, unless `photo` was loaded with the member."""
    photo: Photo | None = getattr(member, "photo", None)
    return "" if photo is None else photo_address(photo.name, size)


def photo_address(name: str, size: PhotoSize = PhotoSize.SMALL) -> str:
    """The address of a picture, of whom a list knows the name of its file."""
    return reverse("photo_show", args=[name, int(size)])
