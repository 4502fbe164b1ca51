"""What a person says about themselves; field visibility and sources come with the directory."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Profile(models.Model):
    """Plain text only: nothing here is ever rendered as HTML."""

    member = models.OneToOneField(settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE)
    biography = models.TextField(_("about you"), max_length=2000, blank=True)
    place = models.CharField(_("place"), max_length=120, blank=True)
    website = models.URLField(_("website"), max_length=300, blank=True)
    can_help_with = models.CharField(_("what I can help with"), max_length=300, blank=True)
    looks_for = models.CharField(_("what I am looking for"), max_length=300, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(website="")
                | models.Q(website__startswith="https://")
                | models.Q(website__startswith="http://"),
                name="profile_website_is_web",
            ),
        )

    def __str__(self) -> str:
        return str(self.member)
