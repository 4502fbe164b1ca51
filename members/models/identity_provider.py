"""How the people of a company sign in with their company's own account: OIDC or SAML."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from members.models.gate import Tier
from members.models.organisation import Organisation


class Protocol(models.TextChoices):
    OIDC = "oidc", _("OpenID Connect")
    SAML = "saml", _("SAML 2.0")


class IdentityProvider(models.Model):
    """One for each company. Only addresses of the company's verified domains come in through it.

    `secret` is written by `members.sealing.seal`: unreadable in a stolen backup. What links an account to a person
    there is allauth's `SocialAccount`, under the name `link_name` and the subject that the provider gives.
    """

    organisation = models.OneToOneField(
        Organisation, on_delete=models.CASCADE, related_name="identity_provider"
    )
    slug = models.SlugField(max_length=60, unique=True)
    protocol = models.CharField(_("protocol"), max_length=4, choices=Protocol)
    # OIDC: the issuer, below which /.well-known/openid-configuration stands. SAML: where its people sign in.
    address = models.URLField(_("issuer or sign-on address"), max_length=300)
    # OIDC: what we are called there. SAML: what the provider calls itself.
    client_id = models.CharField(_("client id or entity id"), max_length=200)
    # OIDC only.
    secret = models.TextField(blank=True)
    # SAML only: PEM, one after the other, where the provider is about to change its key.
    certificates = models.TextField(_("certificates"), blank=True)
    # Whoever the company vouches for comes in at once, where there is a place; otherwise they become applicants.
    auto_admit = models.BooleanField(_("let people in without review"), default=False, db_default=False)
    tier = models.ForeignKey(Tier, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    disabled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(protocol__in=Protocol.values), name="identity_provider_protocol_known"
            ),
        )

    def __str__(self) -> str:
        return str(self.organisation)

    @property
    def link_name(self) -> str:
        """The id is never used again, unlike the slug: who comes later under it must not find the links of another."""
        return f"company-{self.pk}"

    @property
    def activity_title(self) -> str:
        return str(self.organisation)

    def get_absolute_url(self) -> str:
        return reverse("admin:members_identityprovider_change", args=[self.pk])
