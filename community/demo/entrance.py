"""What the demo community has agreed to, in versions, and whom its members have invited."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from members.actions.invitation import accept_as_newcomer, revoke_invitation, send_invitation
from members.actions.terms import accept_terms, draft_terms, publish_terms
from members.models import Member, Organisation, OrganisationKind, Skip, Terms, TermsKind

TERMS_1 = """\
# Terms of use

The guild is run for people who buy for a living. Taking part costs nothing.

## What you bring

You use your own name and say where you work. You have one account, and it stays yours when you change jobs.

## What you write

What you write stays yours. By posting it you allow the guild to show it to its members. Nothing leaves the guild \
without your consent.

## What we do not do

We do not sell your data, and nobody may sell to you here.
"""
TERMS_2 = TERMS_1.replace(
    "Nothing leaves the guild without your consent.",
    "Nothing leaves the guild without your consent, and we ask for it each time.",
).replace(
    "We do not sell your data, and nobody may sell to you here.",
    "We do not sell your data, and nobody may sell to you here. We send you three useful things before we ask you for "
    "one.",
)
NOTE_2 = "We ask before anything is quoted outside, and promise to give three times before we ask once."
HOUSE_RULES = """\
# House rules

- Say who you are. Nobody here hides behind a company.
- Answer as you would want to be answered: what you did, what it cost, what you would do otherwise.
- No selling, also not of a colleague's product.
- What somebody says in a closed room stays there.
"""

# Who invites whom, how many days ago, and what becomes of it.
INVITED = (
    ("ines", "Clara Weiss", "accepted", 24),
    ("amara", "Piotr Zielinski", "application", 6),
    ("ben", "Sofia Lund", "open", 3),
    ("ben", "Tom Archer", "revoked", 12),
)


def make_terms(members: Mapping[str, Member], now: datetime) -> None:
    """Two kinds, one of them in its second version; whoever is in has accepted what is in force."""
    manager = members["ines"]
    published = (
        (TermsKind.HOUSE_RULES, HOUSE_RULES, "", 118),
        (TermsKind.TERMS, TERMS_1, "", 118),
        (TermsKind.TERMS, TERMS_2, NOTE_2, 21),
    )
    for number, (kind, body, note, days) in enumerate(published):
        at = now - timedelta(days=days)
        draft = draft_terms(kind, by=manager, body=body, change_note=note, at=at - timedelta(days=1))
        _accepted_by_all(members, publish_terms(draft, by=manager, at=at), at, offset=number)


def _accepted_by_all(members: Mapping[str, Member], terms: Terms, at: datetime, *, offset: int) -> None:
    for number, member in enumerate(members.values(), start=offset):
        if member.is_admitted:
            accept_terms(
                member, [terms], by=member, at=max(at, member.joined_at) + timedelta(hours=number % 40)
            )


def make_invitations(members: Mapping[str, Member], now: datetime, *, domain: str) -> None:
    """One that let somebody in, one on the way through the gate, one open, one taken back."""
    company = Organisation.objects.exclude(kind=OrganisationKind.OWN).earliest("slug")
    for key, name, outcome, days in INVITED:
        by, at = members[key], now - timedelta(days=days)
        email = f"{name.split()[0].lower()}@invited.{domain}"
        lets_in = outcome == "accepted"
        invitation = send_invitation(
            by=by,
            email=email,
            name=name,
            skips=list(Skip) if lets_in else None,
            organisation=company if lets_in else None,
            at=at,
        )
        if outcome == "revoked":
            revoke_invitation(invitation, by=by)
        if outcome in {"accepted", "application"}:
            later = at + timedelta(hours=6)
            person = accept_as_newcomer(invitation, address=email, name=name, at=later)
            if outcome == "accepted":
                for terms in Terms.objects.in_force():
                    accept_terms(person, [terms], by=person, at=later + timedelta(minutes=1))
