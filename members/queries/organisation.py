"""A company's page: who of it is here, what they can help with, and for staff whether it is engaged or quiet."""

from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _

from members.directory import COMPANY, DirectorySearch
from members.models import Member, Organisation
from members.queries.directory import (
    COUNTED,
    FacetKey,
    MemberRow,
    counts_of,
    people_of,
    resolve,
)

TOPICS: Final = 12
#: Of fewer people no figures are given: they would be figures about somebody (rule 14.6).
FEWEST: Final = 5
#: How many people are looked at for the figures; a company with more is engaged or quiet by these.
_LOOKED_AT: Final = 1_000

# The newest act of each, found by index: its cost does not grow with how much there is.
_LAST_ACTS: Final = """
    SELECT count(*), count(*) FILTER (WHERE last.at >= now() - interval '30 days'), count(last.at)
    FROM (
        SELECT member_id FROM members_employment
        WHERE organisation_id = %s AND until_date IS NULL ORDER BY member_id LIMIT %s
    ) AS employee
    JOIN members_directoryentry USING (member_id)
    LEFT JOIN LATERAL (
        SELECT occurred_at AS at FROM core_activity
        WHERE actor_id = employee.member_id AND occurred_at >= now() - interval '90 days'
        ORDER BY occurred_at DESC LIMIT 1
    ) AS last ON true
"""


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic that people of the company can help with, and where they are found."""

    label: str
    count_label: str
    url: str


@dataclass(frozen=True, slots=True)
class Engagement:
    """For staff. `word` is engaged, quiet, or '' where so few are here that it would be about one of them."""

    word: str
    sentence: str


@dataclass(frozen=True, slots=True)
class OrganisationPage:
    name: str
    kind_label: str
    members: list[MemberRow]
    topics: list[TopicRow]
    everybody_url: str
    """The directory narrowed to the company; '' where all of them stand on this page."""
    engagement: Engagement | None


def organisation_page(organisation: Organisation, reader: Member) -> OrganisationPage:
    """Four queries, one more for staff. The company must have been found through `visible_to(reader)`."""
    resolved = resolve(DirectorySearch(facets={COMPANY: (organisation.slug,)}))
    counts = counts_of(reader, resolved)
    rows, more = people_of(reader, resolved, after=None, is_small=counts.total <= COUNTED)
    path = reverse("member_list")
    return OrganisationPage(
        name=organisation.name,
        kind_label=str(organisation.get_kind_display()),
        members=rows,
        topics=[
            TopicRow(
                label=label,
                count_label=str(people),
                url=f"{path}?{DirectorySearch(facets={COMPANY: (organisation.slug,), _HELPS.key: (value,)}).query()}",
            )
            for value, label, people in counts.by_key.get(_HELPS.key, ())[:TOPICS]
        ],
        everybody_url=f"{path}?{resolved.search.query()}" if more else "",
        engagement=_engagement(organisation) if reader.is_employed_here else None,
    )


_HELPS: Final = FacetKey("helps_topics", "")


def _engagement(organisation: Organisation) -> Engagement:
    with connection.cursor() as cursor:
        cursor.execute(_LAST_ACTS, [organisation.pk, _LOOKED_AT])
        people, month, quarter = cursor.fetchone() or (0, 0, 0)
    if people < FEWEST:
        sentence = _("With fewer than {count} people a figure would be about one of them.").format(
            count=FEWEST
        )
        return Engagement("", sentence)
    sentence = _("Active in the last 30 days: {month} of {people}; in the last 90: {quarter}.").format(
        month=month, quarter=quarter, people=people
    )
    return Engagement(_("engaged") if month * 5 >= people else _("quiet"), sentence)
