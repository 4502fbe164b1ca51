"""Taking photo and words of a profile out of sight in the name of moderation, and bringing them back.

Nobody is asked here: a report that hides at once and decisions about a case call these, and they have asked.
"""

from django.db import transaction
from django.utils import timezone

from community.core.activity import record
from community.core.models import Audience
from community.core.verbs import Verb
from members.actions.directory import refresh_directory_entry
from members.models import Fact, HiddenProfile, Member, Photo, Visibility


@transaction.atomic
def hide_profile(member_id: int, *, by: Member | None) -> bool:
    """Rule 8.1: what others read there goes into a row of its own, so that whatever shows facts and photos shows none.

    The name stays, and so does what only the person sees. Returns whether something is hidden now.
    """
    member = Member.objects.select_for_update().get(pk=member_id)
    facts = list(Fact.objects.filter(member=member).exclude(visibility=Visibility.ONLY_ME).order_by("pk"))
    photo = Photo.objects.filter(member=member).first()
    if facts or photo or member.headline:
        HiddenProfile.objects.create(
            member=member,
            facts=[
                {
                    "field": fact.field_id,
                    "values": fact.values,
                    "visibility": fact.visibility,
                    "source": fact.source,
                    "confirmed_at": fact.confirmed_at.isoformat(),
                }
                for fact in facts
            ],
            photo=photo.name if photo else "",
            photo_at=photo.uploaded_at if photo else None,
            headline=member.headline,
        )
        Fact.objects.filter(pk__in=[fact.pk for fact in facts]).delete()
        Photo.objects.filter(member=member).delete()
        Member.objects.filter(pk=member.pk).update(headline="")
        refresh_directory_entry(member.pk)
        _record(Verb.PROFILE_HIDDEN, member, by=by)
    return HiddenProfile.objects.hidden().filter(member=member).exists()


@transaction.atomic
def show_profile(member_id: int, *, by: Member) -> None:
    """Bring it back. What the person has said anew meanwhile stands; where nothing is hidden nothing changes."""
    member = Member.objects.select_for_update().get(pk=member_id)
    # Hidden twice: the later words are the ones that stood there last.
    rows = list(HiddenProfile.objects.hidden().filter(member=member).order_by("-pk"))
    for row in rows:
        known = set(Fact.objects.filter(member=member).values_list("field_id", flat=True))
        Fact.objects.bulk_create(
            [
                Fact(
                    member=member,
                    field_id=fact["field"],
                    values=fact["values"],
                    visibility=fact["visibility"],
                    source=fact["source"],
                    confirmed_at=fact["confirmed_at"],
                )
                for fact in row.facts
                if fact["field"] not in known
            ]
        )
        if row.photo and not Photo.objects.filter(member=member).exists():
            Photo.objects.create(member=member, name=row.photo, uploaded_at=row.photo_at or timezone.now())
        if row.headline and not member.headline:
            member.headline = row.headline
            member.save(update_fields=["headline"])
        row.shown_at = timezone.now()
        row.save(update_fields=["shown_at"])
    if rows:
        refresh_directory_entry(member.pk)
        _record(Verb.PROFILE_SHOWN, member, by=by)


def _record(verb: Verb, member: Member, *, by: Member | None) -> None:
    record(verb, by=by, target=member, audience=Audience.STAFF, counterpart_id=member.pk)
