"""Inviting people, and the page that an invitation's link opens."""

import uuid

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community.core.errors import Conflict, DomainError, Invalid
from community.core.http import is_fragment
from community.core.permissions import require
from members.actions.invitation import (
    accept_as_newcomer,
    accept_invitation,
    ask_for_proof,
    make_link,
    read_link,
    resend_invitation,
    revoke_invitation,
    send_invitation,
)
from members.actions.invitation_batch import import_invitations, send_batch
from members.forms.invitation import AcceptForm, ImportForm, InviteForm, ManagerInviteForm
from members.models import Admission, Application, ApplicationState, Invitation, InvitationBatch, Member, Skip
from members.permissions import can_manage_invitations, can_send_invitation
from members.queries.invitations import (
    batch_mails,
    batch_page,
    invitation_page,
    own_invitations,
    quota_sentence,
)
from members.requests import MemberRequest

# --- a member's own ---------------------------------------------------------------------------------------------


@require_safe
def invitation_list(request: MemberRequest) -> HttpResponse:
    """Whom a member has invited and what became of it."""
    require(can_send_invitation(request.user))
    context = {
        "invitations": own_invitations(request.user),
        "quota": quota_sentence(request.user),
        "is_manager": bool(can_manage_invitations(request.user)),
        # A link that was made a moment ago is shown this once.
        "link": request.session.pop("invitation_link", ""),
    }
    return render(request, "members/invitation_list.html", context)


def invitation_create(request: MemberRequest) -> HttpResponse:
    """Invite one person."""
    require(can_send_invitation(request.user))
    form_class = ManagerInviteForm if can_manage_invitations(request.user) else InviteForm
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = send_invitation(by=request.user, **form.arguments())
        except Invalid as error:
            form.take_refusal(error)
        except Conflict as error:
            form.add_error(None, error.sentence)
        else:
            if invitation.email:
                messages.success(
                    request, _("The invitation to {address} is on its way.").format(address=invitation.email)
                )
            else:
                request.session["invitation_link"] = make_link(invitation)
            return redirect("invitation_list")
    context = {"form": form, "quota": quota_sentence(request.user)}
    return render(request, "members/invitation_create.html", context, status=422 if form.errors else 200)


@require_POST
def invitation_resend(request: MemberRequest, invitation_id: int) -> HttpResponse:
    """Send it once more; somebody else's is not there."""
    invitation = get_object_or_404(Invitation, pk=invitation_id, invited_by=request.user)
    resend_invitation(invitation, by=request.user)
    messages.success(request, _("It is on its way again, with a new link."))
    return redirect("invitation_list")


@require_POST
def invitation_revoke(request: MemberRequest, invitation_id: int) -> HttpResponse:
    """Take it back; somebody else's is not there."""
    invitation = get_object_or_404(Invitation, pk=invitation_id, invited_by=request.user)
    revoke_invitation(invitation, by=request.user)
    messages.success(request, _("The invitation is taken back; its link works no more."))
    return redirect("invitation_list")


# --- many at once -----------------------------------------------------------------------------------------------


def invitation_import(request: MemberRequest) -> HttpResponse:
    """Choose a file. It is checked and shown; nothing is sent before that is confirmed."""
    require(can_manage_invitations(request.user))
    is_post = request.method == "POST"
    form = ImportForm(request.POST, request.FILES) if is_post else ImportForm()
    if is_post and form.is_valid():
        data = form.cleaned_data
        try:
            batch = import_invitations(
                data["file"].read(),
                by=request.user,
                tier=data["tier"],
                skips=[Skip(value) for value in data["skips"]],
            )
        except Invalid as error:
            form.take_refusal(error)
        else:
            return redirect("invitation_batch", batch_id=batch.pk)
    context = {"form": form}
    return render(request, "members/invitation_import.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def invitation_batch(request: MemberRequest, batch_id: uuid.UUID) -> HttpResponse:
    """What the file would do, and the button that does exactly this; afterwards, how far its mails are."""
    require(can_manage_invitations(request.user))
    batch = get_object_or_404(InvitationBatch, pk=batch_id, by=request.user)
    if request.method == "POST":
        send_batch(batch, by=request.user)
        return redirect("invitation_batch", batch_id=batch.pk)
    if is_fragment(request) and batch.sent_at is not None:
        return render(request, "members/_batch_mails.html", {"mails": batch_mails(batch)})
    return render(request, "members/invitation_batch.html", {"page": batch_page(batch)})


# --- accepting --------------------------------------------------------------------------------------------------


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_show(request: HttpRequest, key: str) -> HttpResponse:
    """What an invitation's link opens: what it says, and a button. Robots open links too, so GET changes nothing."""
    link = read_link(key)
    rows = Invitation.objects.select_related("tier", "organisation", "invited_by")
    invitation = rows.filter(pk=link.invitation_id).first() if link else None
    if link is None or invitation is None:
        sentence = _("This link is not complete. Copy the whole line out of the mail, or ask for a new one.")
        return render(request, "members/invitation_ended.html", {"sentence": sentence}, status=404)
    here = request.user if isinstance(request.user, Member) else None
    page = invitation_page(invitation, address=link.address, name=link.name)
    if page.ended:
        return render(request, "members/invitation_ended.html", {"sentence": page.ended}, status=410)
    # Whoever is signed in has a name already.
    sent = request.POST if request.method == "POST" and here is None else None
    form = AcceptForm(sent, invitation=invitation, address=link.address, name=page.name)
    refusal, status = "", 200
    if request.method == "POST" and (here is not None or form.is_valid()):
        try:
            if here is not None:
                accept_invitation(invitation, here, by=here)
                return redirect(_onward(here))
            if link.address:
                member = accept_as_newcomer(invitation, address=link.address, name=form.cleaned_data["name"])
                return _sign_in(request, member)
            ask_for_proof(invitation, **form.cleaned_data)
            return render(request, "members/application_sent.html")
        except Invalid as error:
            form.take_refusal(error)
        except DomainError as error:
            refusal, status = error.sentence, error.status
    elif form.errors:
        status = 422
    context = {
        "page": page,
        "form": form,
        "refusal": refusal,
        "here": "" if here is None else here.display_name,
        "is_member": here is not None and here.is_admitted,
    }
    return render(request, "members/invitation_show.html", context, status=422 if form.errors else status)


def _sign_in(request: HttpRequest, member: Member) -> HttpResponse:
    """Through allauth, as with a code: the link came to their address. An applicant with a second step is asked it."""
    record_authentication(request, member, method="code", email=member.email)
    login = Login(user=member, redirect_url=_onward(member), email=member.email)
    response: HttpResponse = perform_login(request, login)
    return response


def _onward(member: Member) -> str:
    """Where somebody goes who has accepted: inside, to the form, or to how their application stands."""
    if Admission.objects.seated().filter(member=member).exists():
        return reverse("welcome")
    is_draft = Application.objects.filter(member=member, state=ApplicationState.DRAFT).exists()
    return reverse("application_edit" if is_draft else "application_show")
