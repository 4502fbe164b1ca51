"""Companies, and the e-mail domains that belong to them."""

from functools import partial

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.broker import enqueue
from community.core.errors import Conflict, Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import clean_line
from community.core.verbs import Verb
from members.actions.directory import refresh_company
from members.actions.domain import normal_domain, refuse_other_owner
from members.models import Member, Organisation, OrganisationDomain, OrganisationKind
from members.permissions import can_manage_organisations


@transaction.atomic
def create_organisation(*, by: Member, name: str, kind: OrganisationKind) -> Organisation:
    """Rule 0.4. Raises `Invalid` for an empty name, `Conflict` for one that is there already."""
    require(can_manage_organisations(by))
    name = _clean_name(name)
    row = Organisation.objects.create(name=name, slug=_free_slug(name), kind=kind)
    record(
        Verb.ORGANISATION_CREATED,
        by=by,
        target=row,
        audience=Audience.STAFF,
        organisation_id=row.pk,
        kind=str(kind),
    )
    return row


@transaction.atomic
def edit_organisation(
    organisation: Organisation, *, by: Member, name: str, kind: OrganisationKind
) -> Organisation:
    """Change name and kind; the address stays, since links point to it."""
    require(can_manage_organisations(by))
    row = Organisation.objects.select_for_update().get(pk=organisation.pk)
    wanted = {"name": _clean_name(name, but=row), "kind": str(kind)}
    changed = [field for field, value in wanted.items() if getattr(row, field) != value]
    for field in changed:
        setattr(row, field, wanted[field])
    if changed:
        row.save(update_fields=changed)
        # A company may have thousands of people: the words they are found by follow a moment later.
        transaction.on_commit(partial(enqueue, refresh_company, (row.pk,)))
        _record_edit(row, by=by, fields=changed)
    return row


@transaction.atomic
def add_domain(organisation: Organisation, *, by: Member, domain: str) -> OrganisationDomain:
    """Give a company an e-mail domain. Raises `Invalid` for what is no domain, `Conflict` where a company has it."""
    require(can_manage_organisations(by))
    name = normal_domain(domain)
    refuse_other_owner(name, organisation)
    if OrganisationDomain.objects.filter(domain=name).exists():
        raise Conflict(
            _("{domain} belongs to {organisation} already.").format(
                domain=name, organisation=organisation.name
            )
        )
    row = OrganisationDomain.objects.create(organisation=organisation, domain=name)
    _record_edit(organisation, by=by, fields=["domains"])
    return row


@transaction.atomic
def remove_domain(row: OrganisationDomain, *, by: Member) -> None:
    """Take a domain from its company; removing it twice changes nothing."""
    require(can_manage_organisations(by))
    deleted, _by_model = OrganisationDomain.objects.filter(pk=row.pk).delete()
    if deleted:
        _record_edit(row.organisation, by=by, fields=["domains"])


def _record_edit(organisation: Organisation, *, by: Member, fields: list[str]) -> None:
    record(
        Verb.ORGANISATION_EDITED,
        by=by,
        target=organisation,
        audience=Audience.STAFF,
        organisation_id=organisation.pk,
        fields=fields,
    )


def _clean_name(name: str, *, but: Organisation | None = None) -> str:
    name = clean_line(name)[:120]
    if not name:
        raise Invalid(_("An organisation needs a name."), fields={"name": [_("Write the name it goes by.")]})
    same = Organisation.objects.filter(name__iexact=name)
    if (same if but is None else same.exclude(pk=but.pk)).exists():
        raise Conflict(_("There is an organisation of this name already."))
    return name


def _free_slug(name: str) -> str:
    stem = slugify(name)[:50].strip("-") or "organisation"
    taken = set(Organisation.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    number, slug = 2, stem
    while slug in taken:
        slug, number = f"{stem}-{number}", number + 1
    return slug
