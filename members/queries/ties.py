"""Page-shaped reads of the ties between people; each is for the one who made it."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.core.moments import initials
from members.models import Member, MemberQuerySet, Tie, TieKind
from members.queries.photos import photo_url

# A person with more ties than this has other ways to find them.
_MOST = 500

_END = {
    TieKind.FOLLOW: ("member_unfollow", gettext_lazy("Stop following")),
    TieKind.MUTE: ("member_unmute", gettext_lazy("Stop muting")),
    TieKind.BLOCK: ("member_unblock", gettext_lazy("Unblock")),
}


@dataclass(frozen=True, slots=True)
class TieRow:
    """Somebody in the list of one's ties, with the button that ends the tie."""

    display_name: str
    headline: str
    initials: str
    photo_url: str
    url: str
    end_url: str
    end_label: str


@dataclass(frozen=True, slots=True)
class TieGroup:
    """The ties of one kind; `about` says what the kind means."""

    title: str
    about: str
    rows: list[TieRow]


@dataclass(frozen=True, slots=True)
class TieButton:
    """What the reader may do with a tie: pressed where it stands."""

    label: str
    url: str
    is_danger: bool = False


def tied_members(reader: Member) -> MemberQuerySet:
    """Whom a reader may tie or untie: those they see, and those whom they have blocked themselves."""
    blocked = Tie.objects.filter(member=reader, kind=TieKind.BLOCK).values("other")
    members: MemberQuerySet = Member.objects.filter(
        Q(pk__in=Member.objects.visible_to(reader).values("pk")) | Q(pk__in=blocked),
        deactivated_at__isnull=True,
    )
    return members


def ties_of(reader: Member) -> QuerySet[Tie]:
    """What a reader has made and can still end, each with the other person and their picture."""
    ties = Tie.objects.filter(member=reader, other__in=tied_members(reader).values("pk"))
    return ties.select_related("other__photo")


def ties_page(reader: Member) -> list[TieGroup]:
    """One query, whatever the number of ties; who has gone is not there. A blocked person is a name only."""
    found: dict[str, list[TieRow]] = {kind: [] for kind in TieKind.values}
    ties = list(ties_of(reader).order_by("-created_at", "-pk")[:_MOST])
    # Also muted or not: whoever is blocked is not to be met, on a page or in a picture.
    blocked = {tie.other_id for tie in ties if tie.kind == TieKind.BLOCK}
    for tie in ties:
        url_name, label = _END[TieKind(tie.kind)]
        found[tie.kind].append(
            TieRow(
                display_name=tie.other.display_name,
                headline=tie.other.headline,
                initials=initials(tie.other.display_name),
                photo_url="" if tie.other_id in blocked else photo_url(tie.other),
                url="" if tie.other_id in blocked else tie.other.get_absolute_url(),
                end_url=reverse(url_name, args=[tie.other.handle]),
                end_label=str(label),
            )
        )
    return [
        TieGroup(
            _("You follow"),
            _(
                "They see that you do. What you show to people you follow back, they see when they follow you too."
            ),
            found[TieKind.FOLLOW],
        ),
        TieGroup(
            _("You have muted"),
            _("Nothing they write is sent to you. They are not told."),
            found[TieKind.MUTE],
        ),
        TieGroup(
            _("You have blocked"),
            _("You do not find each other in the directory. They are not told."),
            found[TieKind.BLOCK],
        ),
    ]


def tie_buttons(member: Member, reader: Member) -> list[TieButton]:
    """For the page of somebody else. One query."""
    if member.pk == reader.pk:
        return []
    kinds = set(Tie.objects.filter(member=reader, other=member).values_list("kind", flat=True))
    args = [member.handle]
    return [
        TieButton(_("Stop following"), reverse("member_unfollow", args=args))
        if TieKind.FOLLOW in kinds
        else TieButton(_("Follow"), reverse("member_follow", args=args)),
        TieButton(_("Stop muting"), reverse("member_unmute", args=args))
        if TieKind.MUTE in kinds
        else TieButton(_("Mute"), reverse("member_mute", args=args)),
        TieButton(_("Unblock"), reverse("member_unblock", args=args))
        if TieKind.BLOCK in kinds
        else TieButton(_("Block"), reverse("member_block", args=args), is_danger=True),
    ]
