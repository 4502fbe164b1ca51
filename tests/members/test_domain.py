"""What the domain of an address decides: the nearest rule, whose company it is, free mail, and who may say so."""

import pytest

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity
from community.core.verbs import Verb
from members.actions.domain import (
    blocked_domains,
    domain_policy,
    remove_domain_rule,
    set_domain_rule,
)
from members.actions.organisation import add_domain
from members.models import DomainPolicy, DomainRule, Gate
from tests.factories import make_organisation

pytestmark = pytest.mark.django_db

ACCEPT, BLOCK, REVIEW = DomainPolicy.ACCEPT, DomainPolicy.BLOCK, DomainPolicy.REVIEW


def policy(address: str) -> tuple[str, str] | None:
    rule = domain_policy(address)
    return None if rule is None else (rule.policy, rule.organisation.name if rule.organisation else "")


def test_a_rule_covers_what_lies_beneath_and_the_nearest_one_says_it(manager):
    company = make_organisation("Nordwind")
    set_domain_rule("Example.ORG", ACCEPT, by=manager, organisation=company)
    set_domain_rule("lab.example.org", BLOCK, by=manager)
    assert policy("ann@example.org") == ("accept", "Nordwind")
    assert policy("ann@mail.EXAMPLE.org") == ("accept", "Nordwind")
    assert policy("ann@deep.lab.example.org") == ("block", "")
    assert policy("ann@notexample.org") is None
    assert policy("ann@example.org.evil.net") is None
    assert policy("ann@org") is None


def test_the_domain_of_a_company_proposes_it_for_review(manager):
    company = make_organisation("Nordwind")
    add_domain(company, by=manager, domain="nordwind.example")
    assert policy("ann@eu.nordwind.example") == ("review", "Nordwind")
    set_domain_rule("nordwind.example", ACCEPT, by=manager, organisation=company)
    assert policy("ann@nordwind.example") == ("accept", "Nordwind")


def test_a_domain_claimed_by_two_companies_is_refused_in_words_either_way(manager):
    first, second = make_organisation("First"), make_organisation("Second")
    add_domain(first, by=manager, domain="shared.example")
    with pytest.raises(Conflict, match=r"shared\.example belongs to First already\. Take it"):
        set_domain_rule("shared.example", ACCEPT, by=manager, organisation=second)
    set_domain_rule("other.example", ACCEPT, by=manager, organisation=first)
    with pytest.raises(Conflict, match=r"other\.example belongs to First already"):
        add_domain(second, by=manager, domain="other.example")
    assert add_domain(first, by=manager, domain="other.example").organisation == first


def test_one_domain_has_one_spelling(manager):
    set_domain_rule("bücher.example", BLOCK, by=manager)
    assert policy("ann@xn--bcher-kva.example") == ("block", "")
    assert policy("ann@BÜCHER.example") == ("block", "")
    assert policy("ann@bücher.example.") == ("block", "")
    assert (
        set_domain_rule("@Bücher.Example.", BLOCK, by=manager, reason="no").pk == DomainRule.objects.get().pk
    )


@pytest.mark.parametrize(
    "name", ["", "localhost", "a b.example", "-x.example", "example.org/path", "a" * 300]
)
def test_what_is_no_domain_is_said_to_be_none(manager, name):
    with pytest.raises(Invalid, match="is not a domain"):
        set_domain_rule(name, BLOCK, by=manager)


@pytest.mark.parametrize("name", ["gmail.com", "co.uk"])
def test_nobody_lets_half_the_world_in(manager, name):
    with pytest.raises(Invalid, match="Anybody can have an address"):
        set_domain_rule(name, ACCEPT, by=manager, organisation=make_organisation())
    assert set_domain_rule(name, BLOCK, by=manager).policy == BLOCK


def test_letting_in_needs_a_company(manager):
    with pytest.raises(Invalid, match="which company"):
        set_domain_rule("example.org", ACCEPT, by=manager)


def test_free_mail_is_blocked_at_once_when_the_gate_says_so(manager):
    assert policy("ann@gmail.com") is None
    Gate.objects.update_or_create(pk=1, defaults={"free_mail_may_apply": False})
    assert policy("ann@gmail.com") == ("block", "")
    assert "at work" in domain_policy("ann@gmail.com").reason
    # What a manager says about a domain comes first.
    set_domain_rule("gmail.com", REVIEW, by=manager)
    assert policy("ann@gmail.com") == ("review", "")


def test_many_domains_are_looked_up_at_once(manager, django_assert_max_num_queries):
    Gate.objects.update_or_create(pk=1, defaults={"free_mail_may_apply": False})
    set_domain_rule("rival.example", BLOCK, by=manager, reason="Competitors are not let in.")
    names = {"rival.example", "mail.rival.example", "gmail.com", "fine.example"}
    with django_assert_max_num_queries(3):
        blocked = blocked_domains(names)
    assert set(blocked) == names - {"fine.example"}
    assert blocked["mail.rival.example"] == "Competitors are not let in."


def test_who_is_no_manager_says_nothing_about_domains(member, moderator):
    for person in (member, moderator):
        with pytest.raises(Refused, match="Community managers"):
            set_domain_rule("example.org", BLOCK, by=person)


def test_setting_and_removing_are_recorded_and_removing_twice_changes_nothing(manager):
    rule = set_domain_rule("example.org", BLOCK, by=manager)
    remove_domain_rule(rule, by=manager)
    remove_domain_rule(rule, by=manager)
    verbs = (
        Activity.objects.filter(target_type="domainrule").order_by("pk").values_list("verb", "data__domain")
    )
    assert list(verbs) == [(Verb.DOMAIN_RULE_SET, "example.org"), (Verb.DOMAIN_RULE_REMOVED, "example.org")]


def test_managers_set_and_remove_rules_in_the_admin(client_as, manager):
    company = make_organisation("Nordwind")
    web = client_as(manager)
    said = {
        "domain": "Nordwind.example",
        "policy": "accept",
        "organisation": company.pk,
        "tier": "",
        "reason": "",
    }
    assert web.post("/admin/members/domainrule/add/", said).status_code == 302
    rule = DomainRule.objects.get()
    assert (rule.domain, rule.policy, rule.organisation) == ("nordwind.example", ACCEPT, company)
    refused = web.post("/admin/members/domainrule/add/", said | {"domain": "gmail.com"})
    assert "Anybody can have an address at gmail.com" in refused.content.decode()
    web.post(f"/admin/members/domainrule/{rule.pk}/change/", said | {"policy": "block", "reason": "A rival."})
    rule.refresh_from_db()
    assert (rule.policy, rule.reason) == (BLOCK, "A rival.")
    asked = {"action": "remove", "_selected_action": rule.pk, "confirmed": "1"}
    assert web.post("/admin/members/domainrule/", asked).status_code == 302
    assert not DomainRule.objects.exists()
