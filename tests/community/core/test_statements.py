"""A compiled statement gives the rows of its queryset, for whatever its blanks are filled with."""

import pytest
from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from community.core.statements import Blank, OneOf, Statement
from members.models import Member, Role, RoleName
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def test_each_execution_fills_in_its_own_values():
    ann, bo = make_member("Ann"), make_member("Bo")
    named = Statement(lambda: Member.objects.filter(pk=Blank("member")).values_list("pk", "display_name"))
    assert named(member=ann.pk) == [(ann.pk, "Ann")]
    assert named(member=bo.pk) == [(bo.pk, "Bo")]
    assert named(member=0) == []


def test_a_value_is_never_part_of_the_sql(django_assert_num_queries):
    make_member("Ann")
    named = Statement(lambda: Member.objects.filter(display_name=Blank("name")).values_list("pk"))
    with django_assert_num_queries(2):
        assert named(name="' OR 1=1 --") == []
        assert named(name="100%s %(name)s") == []


def test_a_missing_value_is_an_error_that_names_it():
    statement = Statement(lambda: Member.objects.filter(pk=Blank("member")).values_list("pk"))
    with pytest.raises(KeyError, match="member"):
        statement(somebody=1)


def test_constants_subqueries_and_conversions_are_those_of_the_queryset():
    ann = make_member("Ann", role=RoleName.EXPERT)
    roles = Role.objects.filter(member=OuterRef("pk"), role=RoleName.EXPERT)

    def people(member):
        return (
            Member.objects.filter(pk=member)
            .annotate(is_expert=Exists(roles), number=Coalesce(Subquery(roles.values("pk")), 0))
            .values_list("display_name", "is_expert", "number", "joined_at")
        )

    statement = Statement(lambda: people(Blank("member")))
    assert [tuple(row) for row in statement(member=ann.pk)] == list(people(ann.pk))


def test_the_queryset_is_built_once():
    built = []

    def queryset():
        built.append(1)
        return Member.objects.filter(pk=Blank("member", BigIntegerField())).values_list("pk")

    statement = Statement(queryset)
    statement(member=1)
    statement(member=2)
    assert built == [1]


def test_one_of_takes_a_list_a_blank_and_nothing():
    ann, bo, cy = make_member("Ann"), make_member("Bo"), make_member("Cy")
    given = Member.objects.filter(OneOf("pk", [ann.pk, bo.pk]))
    assert set(given) == {ann, bo}
    assert set(Member.objects.filter(OneOf("pk", []))) == set()
    assert set(Member.objects.filter(OneOf("handle", [ann.handle]) | Q(pk=cy.pk))) == {ann, cy}
    later = Statement(
        lambda: Member.objects.filter(OneOf("pk", Blank("ids"))).order_by("pk").values_list("pk")
    )
    assert later(ids=[bo.pk, cy.pk]) == [(bo.pk,), (cy.pk,)]
    assert later(ids=[]) == []


def test_one_of_stands_beside_other_conditions():
    ann, _bo = make_member("Ann"), make_member("Bo")
    found = Member.objects.filter(OneOf("pk", [ann.pk]), joined_at__lte=F("joined_at")).exclude(pk=0)
    assert list(found) == [ann]
