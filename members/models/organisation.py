"""Companies as first-class objects, and who worked where when. Seats and capacity come with the gate."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower, Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from members.models.member import Member


class OrganisationKind(models.TextChoices):
    CUSTOMER = "customer", _("customer")
    PARTNER = "partner", _("partner")
    VENDOR = "vendor", _("vendor")
    OWN = "own", _("our own")


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def visible_to(self, user: object) -> Self:
        """Those of whom the reader may see somebody: a company that only asks to come in is nobody's to know."""
        here = Employment.objects.current().filter(
            organisation=OuterRef("pk"), member__in=Member.objects.visible_to(user)
        )
        return self.filter(Exists(here))


class Organisation(models.Model):
    """Rule 0.4: a company, with its kind and its verified e-mail domains."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=20, choices=OrganisationKind, default=OrganisationKind.CUSTOMER)
    created_at = models.DateTimeField(db_default=Now())

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(Lower("name"), name="organisation_name_once"),
            models.CheckConstraint(
                condition=Q(kind__in=OrganisationKind.values), name="organisation_kind_known"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def activity_title(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("organisation_show", args=[self.slug])


class OrganisationDomain(models.Model):
    """An e-mail domain that belongs to exactly one company, kept in small letters."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="domains")
    domain = models.CharField(max_length=253, unique=True)
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(domain=Lower("domain")), name="organisation_domain_small_letters"
            ),
        )

    def __str__(self) -> str:
        return self.domain


class EmploymentQuerySet(models.QuerySet["Employment"]):
    def current(self) -> Self:
        return self.filter(until_date__isnull=True)


class Employment(models.Model):
    """Rule 0.1: the employer is an attribute with dates; changing job never loses the account."""

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="employments")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="employments")
    title = models.CharField(max_length=100, blank=True)
    from_date = models.DateField()
    until_date = models.DateField(null=True, blank=True)

    objects = EmploymentQuerySet.as_manager()

    class Meta:
        constraints = (
            # One current employer; earlier ones are history.
            models.UniqueConstraint(
                fields=["member"], condition=Q(until_date__isnull=True), name="employment_current_once"
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gte=F("from_date")),
                name="employment_ends_after_it_began",
            ),
        )

    def __str__(self) -> str:
        return f"{self.title} · {self.organisation}" if self.title else str(self.organisation)
