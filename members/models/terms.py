"""Terms of use and house rules in versions, and who accepted which when."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class TermsKind(models.TextChoices):
    TERMS = "terms", _("terms of use")
    HOUSE_RULES = "house_rules", _("house rules")


def _from_within(member: Any) -> Any:
    """An outer reference, one query further in."""
    return OuterRef(member) if isinstance(member, OuterRef) else member


class TermsQuerySet(models.QuerySet["Terms"]):
    def in_force(self) -> Self:
        """The newest published version of each kind."""
        published = self.filter(published_at__isnull=False)
        return published.order_by("kind", "-version").distinct("kind")

    def owed_by(self, member: object) -> Self:
        """Those in force that the member has not accepted. `member` may be an outer reference."""
        newer = Terms.objects.filter(
            kind=OuterRef("kind"), version__gt=OuterRef("version"), published_at__isnull=False
        )
        accepted = TermsAcceptance.objects.filter(terms=OuterRef("pk"), member=_from_within(member))
        return self.filter(~Exists(newer), ~Exists(accepted), published_at__isnull=False).order_by("kind")


class Terms(models.Model):
    """Rule 1.10. A draft has no `published_at`; what was published is never edited: the next version is written."""

    kind = models.CharField(_("kind"), max_length=12, choices=TermsKind)
    version = models.PositiveIntegerField(_("version"))
    body = models.TextField(_("text"), max_length=50_000)
    change_note = models.CharField(_("what is new, in a sentence"), max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = TermsQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "terms"
        constraints = (
            models.UniqueConstraint(fields=["kind", "version"], name="terms_version_once"),
            models.CheckConstraint(condition=Q(kind__in=TermsKind.values), name="terms_kind_known"),
            models.CheckConstraint(condition=Q(version__gt=0), name="terms_version_from_one"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.version}"

    @property
    def activity_title(self) -> str:
        return str(self)

    def get_absolute_url(self) -> str:
        return reverse("terms_show", args=[self.kind, self.version])


class TermsAcceptance(models.Model):
    """The proof: this person accepted this version at this moment."""

    terms = models.ForeignKey(Terms, on_delete=models.PROTECT, related_name="acceptances")
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="terms_acceptances"
    )
    accepted_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["member", "terms"], name="terms_acceptance_once"),)

    def __str__(self) -> str:
        return f"{self.member} · {self.terms}"
