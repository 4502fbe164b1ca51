"""How companies sign their people in, in the admin: one page for every protocol, written by two actions."""

from typing import Any, ClassVar

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.admin import ActionModelForm, CommunityModelAdmin
from community.core.permissions import Decision
from members.actions.identity_provider import remove_identity_provider, set_identity_provider
from members.company_check import look_at
from members.company_saml import ours
from members.models import IdentityProvider, Member, Organisation, Protocol, Tier
from members.permissions import can_set_identity_provider
from members.requests import MemberRequest
from members.saml import NotTrusted, read_metadata


class IdentityProviderForm(ActionModelForm):
    """The secret is written and never shown again."""

    organisation = forms.ModelChoiceField(label=gettext_lazy("Company"), queryset=Organisation.objects.none())
    new_secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Left empty, the one that is there stays. It is not shown again."),
    )
    metadata = forms.CharField(
        label=gettext_lazy("Metadata of the provider"),
        max_length=200_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "SAML only. Pasted here, the file gives address, entity id and certificates; the fields above may stay "
            "empty then, and are not looked at."
        ),
    )
    tier = forms.ModelChoiceField(
        label=gettext_lazy("Tier"),
        queryset=Tier.objects.none(),
        required=False,
        help_text=gettext_lazy("Where its people come in or apply. Left empty: the first that is open."),
    )

    class Meta:
        model = IdentityProvider
        fields = ("organisation", "protocol", "address", "client_id", "certificates", "auto_admit", "tier")
        widgets: ClassVar[Any] = {"certificates": forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})}
        help_texts: ClassVar[Any] = {
            "address": gettext_lazy(
                "OpenID Connect: the issuer to the letter, as the company's provider states it; below it stands "
                "/.well-known/openid-configuration. SAML: where the provider takes requests by redirect."
            ),
            "client_id": gettext_lazy(
                "OpenID Connect: what we are called at the provider. SAML: what the provider calls itself."
            ),
            "certificates": gettext_lazy(
                "SAML only: what the provider signs with, in PEM. Two may stand here while it changes its key."
            ),
            "auto_admit": gettext_lazy(
                "Otherwise they become applicants, unless a rule for the domain lets them in."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Companies are asked for when the page is shown, not when the site starts.
        for name, queryset in (
            ("organisation", Organisation.objects.order_by("name")),
            ("tier", Tier.objects.all()),
        ):
            field = self.fields.get(name)
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = queryset
        if self.instance.pk:
            self.fields["organisation"].disabled = True
        for name in ("address", "client_id"):
            if name in self.fields:
                self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        """What the metadata says stands in the fields from here on."""
        words: dict[str, Any] = super().clean() or self.cleaned_data
        if not words.get("metadata") or words.get("protocol") != Protocol.SAML:
            return words
        try:
            found = read_metadata(words["metadata"])
        except NotTrusted:
            sentence = _(
                "That is not the metadata of one SAML provider with an address for redirects and a certificate. "
                "Paste the whole file, or fill in the fields."
            )
            raise forms.ValidationError({"metadata": sentence}) from None
        return words | {
            "address": found.address,
            "client_id": found.entity_id,
            "certificates": found.certificates,
        }


@admin.register(IdentityProvider)
class IdentityProviderAdmin(CommunityModelAdmin[IdentityProvider]):
    """Whoever sets one decides who signs in as whom, so the password is asked for again."""

    list_display = ("organisation", "protocol", "address", "auto_admit", "created_at")
    list_select_related = ("organisation",)
    search_fields = ("organisation__name", "slug")
    view_on_site = False
    actions = ("try_out", "remove")
    one_by_one = frozenset({"try_out"})
    form = IdentityProviderForm
    fields = (
        "organisation",
        "protocol",
        "address",
        "client_id",
        "new_secret",
        "certificates",
        "metadata",
        "auto_admit",
        "tier",
        "callback",
        "metadata_address",
    )
    readonly_fields = ("callback", "metadata_address")

    def may_view(self, user: Member) -> Decision:
        return can_set_identity_provider(user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: IdentityProvider | None = None) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[IdentityProvider]:
        return IdentityProvider.objects.defer("secret").order_by("-id")

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and self.has_view_permission(request):
            raise_if_reauthentication_required(request, app="allauth.account")
        response: HttpResponse = super().changeform_view(request, *args, **kwargs)
        return response

    @admin.display(description=gettext_lazy("address to enter at the company"))
    def callback(self, row: IdentityProvider) -> str:
        if not row.pk:
            return _("Stands here when this is saved.")
        if row.protocol == Protocol.SAML:
            return ours(row).address
        return settings.SITE_URL + reverse("company_callback", args=[row.link_name])

    @admin.display(description=gettext_lazy("our metadata, and what we are called there"))
    def metadata_address(self, row: IdentityProvider) -> str:
        if not row.pk:
            return _("Stands here when this is saved.")
        return ours(row).entity_id if row.protocol == Protocol.SAML else _("SAML only.")

    def save_model(self, request: MemberRequest, obj: IdentityProvider, form: Any, change: bool) -> None:  # type: ignore[override]
        words = form.cleaned_data
        made = set_identity_provider(
            words["organisation"],
            by=request.user,
            protocol=Protocol(words["protocol"]),
            address=words["address"],
            client_id=words["client_id"],
            secret=words["new_secret"] or None,
            certificates=words["certificates"],
            auto_admit=words["auto_admit"],
            tier=words["tier"],
            must_be_https=settings.SITE_IS_HTTPS,
        )
        obj.pk = made.pk

    @admin.action(description=gettext_lazy("Check"), permissions=["view"])
    def try_out(self, request: HttpRequest, queryset: QuerySet[IdentityProvider]) -> HttpResponse:
        """Says whether it can work. Nothing is changed, so nothing is asked."""
        for row in queryset.select_related("organisation"):
            for finding in look_at(row):
                level = messages.SUCCESS if finding.is_good else messages.ERROR
                self.message_user(request, finding.sentence, level)
        return HttpResponseRedirect(self.way_back(request))

    @admin.action(description=gettext_lazy("Remove"), permissions=["view"])
    def remove(self, request: MemberRequest, queryset: QuerySet[IdentityProvider]) -> HttpResponse:
        return self.carry_out(
            request,
            queryset,
            question=_("Remove: nobody signs in this way any more. Accounts stay, and sign in by code"),
            button=_("Remove"),
            act=lambda row, _words: remove_identity_provider(row, by=request.user),
            sensitive=True,
        )
