"""What the domain of an e-mail address decides at the gate (rule 1.8): review, let in to a company, or block."""

import re
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_line
from community.core.verbs import Verb
from members.models import (
    DomainPolicy,
    DomainRule,
    Gate,
    Member,
    Organisation,
    OrganisationDomain,
    Tier,
)
from members.permissions import can_set_domain_rule

# Labels of letters, digits and inner dashes, at least two of them: `example.org`, `mail.example.co.uk`.
_DOMAIN: Final = re.compile(r"(?=.{1,253}$)(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?!-)[a-z0-9-]{2,63}(?<!-)")

# Where anybody may have an address, so that it says nothing of a company. Only the large ones: a rule adds others.
FREE_MAIL: Final = frozenset(
    {
        "aol.com", "fastmail.com", "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net",
        "googlemail.com", "hey.com", "hotmail.co.uk", "hotmail.com", "hotmail.de", "hotmail.fr", "icloud.com",
        "laposte.net", "libero.it", "live.com", "mac.com", "mail.com", "mail.ru", "mailbox.org", "me.com",
        "msn.com", "naver.com", "orange.fr", "outlook.com", "outlook.de", "outlook.fr", "pm.me", "posteo.de",
        "proton.me", "protonmail.com", "qq.com", "t-online.de", "tuta.com", "tutanota.com", "web.de", "yahoo.co.uk",
        "yahoo.com", "yahoo.de", "yahoo.fr", "yandex.com", "yandex.ru", "zoho.com", "126.com", "163.com",
    }
)  # fmt: skip
# Beneath these anybody may have a domain: letting one in would let in a country.
_REGISTRIES: Final = frozenset(
    {
        "ac.jp", "ac.nz", "ac.uk", "ac.za", "co.at", "co.id", "co.il", "co.in", "co.jp", "co.ke", "co.kr", "co.nz",
        "co.th", "co.uk", "co.za", "com.ar", "com.au", "com.br", "com.cn", "com.co", "com.hk", "com.mx", "com.my",
        "com.pl", "com.sg", "com.tr", "com.tw", "com.ua", "edu.au", "gov.uk", "ne.jp", "net.au", "or.at", "or.jp",
        "or.kr", "org.au", "org.nz", "org.uk",
    }
)  # fmt: skip


def domain_policy(address: str) -> DomainRule | None:
    """The rule for an address: of its own domain or of the nearest domain above it; None where nothing is said.

    A rule for example.org covers mail.example.org. The domain of a company counts as "is reviewed" with that company
    proposed, and free mail as blocked where the gate says so: both are answered by a rule that is not stored.
    """
    names = _with_parents(domain_of(address))
    rules = {rule.domain: rule for rule in _rules().filter(domain__in=names)}
    owners = {
        row.domain: row
        for row in OrganisationDomain.objects.select_related("organisation").filter(domain__in=names)
    }
    # The nearest says it; what a manager said about a domain comes before whose it is.
    for name in names:
        if name in rules:
            return rules[name]
        if name in owners:
            return DomainRule(domain=name, policy=DomainPolicy.REVIEW, organisation=owners[name].organisation)
        if name in FREE_MAIL and Gate.objects.filter(free_mail_may_apply=False).exists():
            sentence = _("Please use your address at work: this community does not take those of free mail.")
            return DomainRule(domain=name, policy=DomainPolicy.BLOCK, reason=sentence)
    return None


def blocked_domains(names: set[str]) -> dict[str, str]:
    """Which of these domains may not apply, with the sentence that their people are told. Four queries at most."""
    wanted = {parent for name in names for parent in _with_parents(name)}
    rules = {rule.domain: rule for rule in _rules().filter(domain__in=wanted)}
    owned = set(OrganisationDomain.objects.filter(domain__in=wanted).values_list("domain", flat=True))
    is_free_blocked = Gate.objects.filter(free_mail_may_apply=False).exists()
    blocked = {}
    for name in names:
        for parent in _with_parents(name):
            rule = rules.get(parent)
            if rule is not None and rule.policy == DomainPolicy.BLOCK:
                blocked[name] = blocked_sentence(rule)
            elif rule is None and parent not in owned and parent in FREE_MAIL and is_free_blocked:
                blocked[name] = _("Addresses of free mail services may not apply here.")
            if rule is not None or parent in owned or parent in FREE_MAIL:
                break
    return blocked


def blocked_sentence(rule: DomainRule) -> str:
    """What somebody with an address under a blocking rule is told."""
    return rule.reason or _(
        "Addresses at {domain} may not apply here. If you think that is a mistake, write to the community managers."
    ).format(domain=rule.domain)


@transaction.atomic
def set_domain_rule(
    domain: str,
    policy: DomainPolicy,
    *,
    by: Member,
    organisation: Organisation | None = None,
    tier: Tier | None = None,
    reason: str = "",
) -> DomainRule:
    """Say what a domain decides, or say it anew. Raises `Invalid` for what is no domain, `Conflict` for another's.

    Letting in needs a company, and never works for free mail or a whole country's registry.
    """
    require(can_set_domain_rule(by))
    name = normal_domain(domain)
    if policy == DomainPolicy.ACCEPT:
        if organisation is None:
            sentence = _("Say which company people with this address are let in to.")
            raise Invalid(sentence, fields={"organisation": [sentence]})
        if name in FREE_MAIL or name in _REGISTRIES:
            sentence = _("Anybody can have an address at {domain}. They can be reviewed or blocked.").format(
                domain=name
            )
            raise Invalid(sentence, fields={"policy": [sentence]})
    if organisation is not None:
        refuse_other_owner(name, organisation)
    rule, _created = DomainRule.objects.update_or_create(
        domain=name,
        defaults={
            "policy": policy,
            "organisation": organisation,
            "tier": tier,
            "reason": clean_line(reason)[:300],
        },
    )
    record(
        Verb.DOMAIN_RULE_SET,
        by=by,
        target=rule,
        audience=Audience.STAFF,
        organisation_id=None if organisation is None else organisation.pk,
        domain=name,
        policy=str(policy),
    )
    return rule


@transaction.atomic
def remove_domain_rule(rule: DomainRule, *, by: Member) -> None:
    """Forget what was said about a domain; removing it twice changes nothing."""
    require(can_set_domain_rule(by))
    row = DomainRule.objects.select_for_update().filter(pk=rule.pk).first()
    if row is None:
        return
    record(
        Verb.DOMAIN_RULE_REMOVED,
        by=by,
        target=row,
        audience=Audience.STAFF,
        domain=row.domain,
        policy=row.policy,
    )
    row.delete()


def refuse_other_owner(domain: str, organisation: Organisation) -> None:
    """One domain says one company, whether it is known as the company's own or by a rule. Raises `Conflict`."""
    other = ~Q(organisation=organisation)
    owner: OrganisationDomain | DomainRule | None = (
        OrganisationDomain.objects.select_related("organisation").filter(other, domain=domain).first()
        or _rules().filter(other, domain=domain, organisation__isnull=False).first()
    )
    if owner is not None and owner.organisation is not None:
        raise Conflict(
            _(
                "{domain} belongs to {organisation} already. Take it from that company first, or choose that company."
            ).format(domain=domain, organisation=owner.organisation.name)
        )


def normal_domain(domain: str) -> str:
    """A domain in small letters and in the form that mail travels by. Raises `Invalid` for what is none."""
    name = _ascii(clean_line(domain).lower().removeprefix("@").rstrip("."))
    if not _DOMAIN.fullmatch(name):
        sentence = _("{domain} is not a domain. Write it as it stands behind the @.").format(domain=domain)
        raise Invalid(sentence, fields={"domain": [sentence]})
    return name


def domain_of(address: str) -> str:
    """What stands behind the @, as rules are compared: small letters, Unicode names in their other spelling."""
    return _ascii(address.rpartition("@")[2].strip().lower().rstrip("."))


def _ascii(name: str) -> str:
    try:
        return name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return name


def _with_parents(name: str) -> list[str]:
    """The domain and those above it that are still domains, the nearest first."""
    labels = name.split(".")[-12:]
    return [".".join(labels[start:]) for start in range(max(len(labels) - 1, 1))]


def _rules() -> QuerySet[DomainRule]:
    return DomainRule.objects.select_related("organisation", "tier")
