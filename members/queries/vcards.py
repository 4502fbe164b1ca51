"""The card of a person, with what this reader may see and nothing else."""

from django.conf import settings
from django.utils import timezone

from members.models import Employment, Member
from members.queries.facts import facts_for
from members.vcard import Card, write_vcard


def member_card(member: Member, reader: Member) -> str:
    """The text of the `.vcf` file. Two queries beside the member's own. No e-mail address: that is no fact."""
    values = {fact.key: fact.values for fact in facts_for(member, reader)}
    job = Employment.objects.current().filter(member=member).select_related("organisation").first()

    def one(key: str) -> str:
        return next(iter(values.get(key, ())), "")

    card = Card(
        name=member.display_name,
        url=settings.SITE_URL + member.get_absolute_url(),
        title=job.title if job else "",
        organisation=job.organisation.name if job else "",
        note="\n".join(text for text in (one("can_help_with"), one("biography")) if text),
        place=one("place"),
        birthday=one("birthday"),
        languages=values.get("languages", ()),
        links=values.get("links", ()),
        topics=values.get("helps_topics", ()),
    )
    return write_vcard(card, revision=timezone.now().strftime("%Y%m%dT%H%M%SZ"))
