"""How the people of a company sign in by it: setting that up, and deciding who comes in and as whom (rule 1.13)."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Invalid, Refused
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_line
from community.core.verbs import Verb
from members.actions.application import lock_application, move_to, open_account, open_draft
from members.actions.domain import blocked_sentence, domain_of, domain_policy
from members.actions.gate import default_tier
from members.actions.member import normal_email
from members.actions.place import lock_tier
from members.actions.waitlist import let_in_or_wait
from members.models import (
    Application,
    ApplicationState,
    DomainPolicy,
    IdentityProvider,
    Member,
    Organisation,
    OrganisationDomain,
    Protocol,
    Role,
    RoleName,
    Tier,
)
from members.permissions import can_set_identity_provider
from members.saml import NotTrusted, certificates_in, sound_certificates
from members.sealing import seal


@dataclass(frozen=True, slots=True)
class Claims:
    """What a company's provider has said about a person, after its signature was found good."""

    subject: str
    email: str
    is_verified: bool
    name: str = ""


@transaction.atomic
def set_identity_provider(
    organisation: Organisation,
    *,
    by: Member,
    protocol: Protocol,
    address: str,
    client_id: str,
    secret: str | None = None,
    certificates: str = "",
    auto_admit: bool = False,
    tier: Tier | None = None,
    must_be_https: bool = True,
) -> IdentityProvider:
    """Set, or change, how a company signs its people in. `secret` is None where the one that is there stays.

    Whoever sets it up has made sure that the domains are the company's: they count as verified from now on; one
    given later counts when this is saved again. Links to people go where the issuer or what we are called there
    changes, or the name of a SAML provider: the same subject may be somebody else there. Raises `Invalid`.
    """
    require(can_set_identity_provider(by))
    client_id = clean_line(client_id)
    if protocol == Protocol.SAML:
        address, client_id = _sign_on(address, must_be_https=must_be_https), _entity_id(client_id)
        certificates, secret = _certificates(certificates), ""
    else:
        address, certificates = _issuer(address, must_be_https=must_be_https), ""
        if not client_id:
            raise Invalid(_("The client id is missing."), fields={"client_id": [_("The company has it.")]})
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    if not OrganisationDomain.objects.filter(organisation=organisation).exists():
        raise Invalid(
            _("Give {company} its e-mail domains first: only their addresses come in this way.").format(
                company=organisation.name
            )
        )
    row = IdentityProvider.objects.filter(organisation=organisation).first()
    if row is None:
        row = IdentityProvider(organisation=organisation, slug=organisation.slug)
    elif _speaker(row.protocol, row.address, row.client_id) != _speaker(protocol, address, client_id):
        SocialAccount.objects.filter(provider=row.link_name).delete()
    row.protocol, row.address, row.client_id = protocol, address, client_id
    row.certificates = certificates
    row.auto_admit, row.tier, row.disabled_at = auto_admit, tier, None
    if secret is not None:
        row.secret = seal(secret) if secret else ""
    row.save()
    OrganisationDomain.objects.filter(organisation=organisation, verified_at__isnull=True).update(
        verified_at=Now()
    )
    record(
        Verb.IDENTITY_PROVIDER_SET,
        by=by,
        target=row,
        audience=Audience.STAFF,
        organisation_id=organisation.pk,
        protocol=str(protocol),
    )
    return row


@transaction.atomic
def remove_identity_provider(row: IdentityProvider, *, by: Member) -> None:
    """Nobody signs in this way any more; accounts stay, and their owners sign in by code. Twice changes nothing."""
    require(can_set_identity_provider(by))
    there = (
        IdentityProvider.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .filter(pk=row.pk)
    )
    found = there.first()
    if found is None:
        return
    record(
        Verb.IDENTITY_PROVIDER_REMOVED,
        by=by,
        target=found,
        audience=Audience.STAFF,
        organisation_id=found.organisation_id,
    )
    SocialAccount.objects.filter(provider=found.link_name).delete()
    found.delete()


@transaction.atomic
def member_of_company(row: IdentityProvider, claims: Claims) -> Member:
    """The member that somebody is whom the company has signed in; made where there is none yet.

    The subject is the key. An account is linked by its address only where the provider calls the address verified
    and the domain is a verified one of that very company, which then could read the codes we mail there anyway.
    Strangers, and applicants with whom no reviewer has begun, come in at once where `auto_admit` or a rule of the gate
    says so and there is a place. Raises `Refused` with a sentence for the person.
    """
    if not claims.is_verified or not claims.email:
        raise Refused(
            _("Your company did not confirm an e-mail address of yours. Its administrators can change that.")
        )
    try:
        address = normal_email(claims.email)
    except Invalid as error:
        raise Refused(_("Your company sent something that is no e-mail address.")) from error
    domain = domain_of(address)
    if not OrganisationDomain.objects.filter(
        organisation=row.organisation, domain=domain, verified_at__isnull=False
    ).exists():
        raise Refused(
            _("Addresses at {domain} do not come in by {company}. Sign in in another way.").format(
                domain=domain, company=row.organisation.name
            )
        )
    # Two first sign-ins of one person at once wait here for each other.
    row = (
        IdentityProvider.objects.select_for_update(of=("self",))
        .select_related("organisation", "tier")
        .get(pk=row.pk)
    )
    link = (
        SocialAccount.objects.filter(provider=row.link_name, uid=claims.subject)
        .select_related("user")
        .first()
    )
    if link is not None:
        linked: Member = link.user
        _let_in(row, linked, address)
        return linked
    member = _holder_of(address)
    if member is None:
        member = _open_account(row, address, claims.name)
    elif SocialAccount.objects.filter(provider=row.link_name, user=member).exists():
        raise Refused(
            _(
                "This address belongs to somebody whom your company knows under another name. Sign in in another way."
            )
        )
    SocialAccount.objects.create(user=member, provider=row.link_name, uid=claims.subject)
    _let_in(row, member, address)
    return member


def _open_account(row: IdentityProvider, address: str, name: str) -> Member:
    """A new account with a draft, as everybody has who asks to come in."""
    rule = domain_policy(address)
    if rule is not None and rule.policy == DomainPolicy.BLOCK:
        raise Refused(blocked_sentence(rule))
    tier = row.tier or (rule.tier if rule is not None else None) or default_tier()
    member = open_account(address, name=name, at=timezone.now(), claimed_at=None)
    open_draft(member, tier if tier.closed_at is None else default_tier())
    return member


def _let_in(row: IdentityProvider, member: Member, address: str) -> None:
    """Rule 1.8: to a place, or onto the waitlist, where the company's word is enough; otherwise nothing happens.

    What a reviewer has taken up, the reviewer decides; whom reviewers have declined, no sign-in lets in.
    """
    # Asked of the table: allauth keeps this member in the session, where no set of roles can stand.
    roles = set(Role.objects.current().filter(member=member).values_list("role", flat=True))
    if roles != {RoleName.APPLICANT} or not member.is_active:
        return
    rule = domain_policy(address)
    if rule is not None and rule.policy == DomainPolicy.BLOCK:
        return
    if not row.auto_admit and (rule is None or rule.policy != DomainPolicy.ACCEPT):
        return
    if Application.objects.filter(member=member, state=ApplicationState.DECLINED).exists():
        return
    found = Application.objects.open().filter(member=member).select_related("tier").first()
    if found is None:
        return
    # The tier before the application, as everywhere.
    tier = lock_tier(row.tier or (rule.tier if rule is not None else None) or found.tier)
    application = lock_application(found)
    if application.state not in {ApplicationState.DRAFT, ApplicationState.SUBMITTED}:
        return
    application.tier, application.organisation = tier, row.organisation
    application.save(update_fields=["tier", "organisation"])
    if application.state == ApplicationState.DRAFT:
        move_to(application, ApplicationState.SUBMITTED, by=member)
    let_in_or_wait(application, tier=tier, by=None, words="", is_in_time=True, at_once=True)
    member.forget_roles()


def _holder_of(address: str) -> Member | None:
    confirmed = EmailAddress.objects.filter(email=address, verified=True).values("user")
    holder: Member | None = Member.objects.people().filter(Q(pk__in=confirmed) | Q(email=address)).first()
    if (
        holder is not None
        and not EmailAddress.objects.filter(user=holder, email=address, verified=True).exists()
    ):
        # An account that a manager made: the company has now shown whose address it is, as a code would have.
        EmailAddress.objects.update_or_create(
            user=holder, email=address, defaults={"verified": True, "primary": holder.email == address}
        )
    return holder


def _speaker(protocol: str, address: str, client_id: str) -> tuple[str, ...]:
    """Who it is that knows a person under a subject. Where a SAML provider signs people in is not part of it."""
    return (protocol, client_id) if protocol == Protocol.SAML else (protocol, client_id, address)


def _sign_on(address: str, *, must_be_https: bool) -> str:
    address = address.strip()
    sentence = _("The sign-on address is one with https, as the company's provider states it.")
    try:
        URLValidator(schemes=["https"] if must_be_https else ["https", "http"])(address)
    except ValidationError as error:
        raise Invalid(sentence, fields={"address": [sentence]}) from error
    if "#" in address or "@" in address:
        raise Invalid(sentence, fields={"address": [sentence]})
    return address


def _entity_id(name: str) -> str:
    if not name:
        sentence = _("The entity id of the company's provider is missing. It stands in its metadata.")
        raise Invalid(sentence, fields={"client_id": [sentence]})
    return name


def _certificates(text: str) -> str:
    """In PEM, at least one of them good today. Raises `Invalid`."""
    try:
        sound = sound_certificates(text)
        ends = [certificate.not_valid_after_utc for certificate in certificates_in(sound)]
    except NotTrusted as error:
        sentence = _(
            "That is no certificate of a key for signing: RSA of 2048 bits or more, or an elliptic curve. "
            "Paste it as the company's provider shows it, from BEGIN CERTIFICATE to END CERTIFICATE."
        )
        raise Invalid(sentence, fields={"certificates": [sentence]}) from error
    if max(ends) <= timezone.now():
        sentence = _("The certificate ended on {date}. Ask the company for the one that counts now.").format(
            date=date_format(max(ends))
        )
        raise Invalid(sentence, fields={"certificates": [sentence]})
    return sound


def _issuer(address: str, *, must_be_https: bool) -> str:
    """As the provider writes it, to the letter: the identity token names it the same way. Raises `Invalid`."""
    address = address.strip()
    schemes = ["https"] if must_be_https else ["https", "http"]
    sentence = _("The issuer is an address with https, as the company's provider states it.")
    try:
        URLValidator(schemes=schemes)(address)
    except ValidationError as error:
        raise Invalid(sentence, fields={"address": [sentence]}) from error
    if "?" in address or "#" in address or "@" in address or "/.well-known" in address:
        raise Invalid(sentence, fields={"address": [sentence]})
    return address
