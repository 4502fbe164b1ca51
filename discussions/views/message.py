"""Direct messages: the list, a conversation, and what those who take part do in it."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Conflict, Invalid, Refused
from community.core.http import whole_number
from community.core.keyset import with_query
from community.core.notices import read_notices
from community.core.permissions import require
from community.core.text import clean_line
from discussions.actions.message import (
    add_participant,
    answer_conversation,
    delete_message,
    edit_message,
    leave_conversation,
    mark_conversation_read,
    notice_key,
    report_message,
    restore_message,
    send_message,
    set_contact_rule,
    start_conversation,
)
from discussions.forms.message import (
    ContactRuleForm,
    ConversationForm,
    MessageEditForm,
    MessageForm,
    ParticipantForm,
    ReportForm,
)
from discussions.models import ContactRule, Conversation, Message, ParticipantState, ReportReason
from discussions.permissions import can_edit_message, can_report_message
from discussions.queries.history import changes_between
from discussions.queries.messages import (
    TABS,
    contact_rule,
    conversation_page,
    conversation_rows,
    found_messages,
    open_conversation,
    waiting_requests,
)
from discussions.queries.writing import draft_of, prose_of
from discussions.views.draft import forget_what_was_sent, writing_in
from members.permissions import is_admitted
from members.requests import MemberRequest

ANSWERS = {
    "accept": ParticipantState.JOINED,
    "ignore": ParticipantState.IGNORED,
    "decline": ParticipantState.DECLINED,
}

#: The draft of a first message, whoever it is for.
NEW = "message:new"


@require_safe
def conversation_list(request: MemberRequest) -> HttpResponse:
    """One's conversations, first messages that wait for an answer, and what one has put aside."""
    require(is_admitted(request.user))
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else ""
    words = clean_line(request.GET.get("q", ""))[:200]
    rows, key = (
        ([], "") if words else conversation_rows(request.user, tab=tab, before=request.GET.get("before"))
    )
    context = {
        "rows": rows,
        "tab": tab,
        "q": words,
        "found": found_messages(request.user, words),
        "waiting": waiting_requests(request.user),
        "older_url": with_query(reverse("conversation_list"), tab=tab, before=key) if key else "",
    }
    return render(request, "discussions/conversation_list.html", context)


def conversation_create(request: MemberRequest) -> HttpResponse:
    """Write to somebody, or to a few people. `to` in the address fills in whom."""
    require(is_admitted(request.user))
    to = clean_line(request.GET.get("to", ""))[:80]
    draft = draft_of(request.user, NEW)
    words = draft.words if draft else {}
    form = ConversationForm(request.POST or None, by=request.user, to=to, words=words)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            message = start_conversation(
                data["to"],
                by=request.user,
                prose=data["body"],
                name=data["name"],
                idempotency_key=data["idempotency_key"],
            )
        except Invalid as error:
            form.take_refusal(error)
        except Refused as error:
            # Whom one cannot reach is a matter of the field, and nothing that was typed is lost.
            form.add_error("to", error.sentence)
        else:
            forget_what_was_sent(request, NEW)
            return redirect(message.conversation)
    context = {"form": form, "writing": writing_in(request, NEW, draft)}
    return render(
        request, "discussions/conversation_create.html", context, status=422 if form.errors else 200
    )


@require_safe
def conversation_show(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """The newest messages, or those before a number; being here marks them as read."""
    return _render(request, _conversation(request, conversation_id))


@require_POST
def message_create(request: MemberRequest, conversation_id: int) -> HttpResponse:
    conversation = _conversation(request, conversation_id)
    form = MessageForm(request.POST)
    if form.is_valid():
        try:
            message = send_message(
                conversation,
                by=request.user,
                prose=form.cleaned_data["body"],
                idempotency_key=form.cleaned_data["idempotency_key"],
            )
        except Invalid as error:
            form.take_refusal(error)
        else:
            forget_what_was_sent(request, f"message:{conversation.pk}")
            return redirect(f"{conversation.get_absolute_url()}#message-{message.number}")
    return _render(request, conversation, form=form, status=422)


@require_POST
def conversation_answer(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """`answer` is accept, ignore or decline."""
    conversation = _conversation(request, conversation_id)
    answer = request.POST.get("answer", "")
    if answer not in ANSWERS:
        raise Invalid(_("Accept, put it aside, or decline."))
    answer_conversation(conversation, state=ANSWERS[answer], by=request.user)
    if answer == "accept":
        return redirect(conversation)
    messages.success(
        request,
        _("It is put aside. Nobody is told, and you find it under “Put aside”.")
        if answer == "ignore"
        else _("It is declined. Nobody is told, and no more comes from there."),
    )
    return redirect("conversation_list")


@require_POST
def conversation_leave(request: MemberRequest, conversation_id: int) -> HttpResponse:
    leave_conversation(_conversation(request, conversation_id), by=request.user)
    messages.success(request, _("You have left. What was said there is not yours to read any more."))
    return redirect("conversation_list")


@require_POST
def participant_create(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """Bring somebody into a group."""
    conversation = _conversation(request, conversation_id)
    form = ParticipantForm(request.POST, by=request.user)
    if form.is_valid():
        member = form.cleaned_data["to"]
        try:
            add_participant(conversation, member, by=request.user)
        except Invalid as error:
            form.take_refusal(error)
        except (Refused, Conflict) as error:
            form.add_error("to", error.sentence)
        else:
            messages.success(request, _("{name} reads from here on.").format(name=member.display_name))
            return redirect(conversation)
    return _render(request, conversation, adding=form, status=422)


@require_safe
def message_show(request: MemberRequest, message_id: int) -> HttpResponse:
    """The address of one message: it leads into its conversation, also where only its place is left."""
    return _to_message(_received_message(request, message_id))


def message_edit(request: MemberRequest, message_id: int) -> HttpResponse:
    """Change one's own words; a save in another window meanwhile is shown, and nothing that was typed is lost."""
    message = _message(request, message_id)
    require(can_edit_message(request.user, message))
    key = f"rewrite:{message.pk}"
    draft = draft_of(request.user, key)
    form = MessageEditForm(request.POST or None, written=message, words=draft.words if draft else None)
    status, changes = 200, []
    if request.method == "POST" and form.is_valid():
        try:
            edit_message(
                message,
                by=request.user,
                prose=form.cleaned_data["body"],
                version=form.cleaned_data["version"],
            )
        except Invalid as error:
            form.take_refusal(error)
        except Conflict as error:
            form.start_again_from(message, error)
            changes = changes_between(message, form.cleaned_data["body"])
            status = 409
        else:
            forget_what_was_sent(request, key)
            return _to_message(message)
    if form.errors and status == 200:
        status = 422
    context = {
        "form": form,
        "changes": changes,
        "writing": writing_in(request, key, draft),
        "url": message.get_absolute_url(),
        "conversation_url": message.conversation.get_absolute_url(),
    }
    return render(request, "discussions/message_edit.html", context, status=status)


@require_POST
def message_delete(request: MemberRequest, message_id: int) -> HttpResponse:
    message = delete_message(_message(request, message_id), by=request.user)
    return _to_message(message)


@require_POST
def message_restore(request: MemberRequest, message_id: int) -> HttpResponse:
    return _to_message(restore_message(_received_message(request, message_id), by=request.user))


def message_report(request: MemberRequest, message_id: int) -> HttpResponse:
    """Hand a message to the moderators, also one that was deleted since; the page says what they will read."""
    message = _received_message(request, message_id)
    require(can_report_message(request.user, message))
    form = ReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        report_message(
            message,
            by=request.user,
            reason=ReportReason(form.cleaned_data["reason"]),
            words=form.cleaned_data["words"],
        )
        messages.success(
            request, _("The moderators have it now. They read this and what led to it, no more.")
        )
        return redirect(message.conversation)
    context = {
        "form": form,
        "author_name": message.author.display_name,
        "conversation_url": message.conversation.get_absolute_url(),
    }
    return render(request, "discussions/message_report.html", context, status=422 if form.errors else 200)


def contact_rule_edit(request: MemberRequest) -> HttpResponse:
    """Who may write to me for the first time."""
    require(is_admitted(request.user))
    form = ContactRuleForm(request.POST or None, initial={"rule": contact_rule(request.user)})
    if request.method == "POST" and form.is_valid():
        set_contact_rule(ContactRule(form.cleaned_data["rule"]), by=request.user)
        messages.success(request, _("That holds from now on. Conversations you have go on."))
        return redirect("conversation_list")
    return render(
        request, "discussions/contact_rule_edit.html", {"form": form}, status=422 if form.errors else 200
    )


def _conversation(request: MemberRequest, conversation_id: int) -> Conversation:
    conversation = open_conversation(request.user, conversation_id)
    if conversation is None:
        raise Http404
    return conversation


def _message(request: MemberRequest, message_id: int) -> Message:
    found = Message.objects.visible_to(request.user).select_related("conversation", "author")
    return get_object_or_404(found, pk=message_id)


def _received_message(request: MemberRequest, message_id: int) -> Message:
    """What its author has deleted since is there as a gap, which can be brought back or reported."""
    received = Message.objects.received_by(request.user).select_related("conversation", "author")
    return get_object_or_404(received, pk=message_id)


def _to_message(message: Message) -> HttpResponse:
    url = message.conversation.get_absolute_url()
    # The page on which it is not the last one, so that what came after is there too.
    return redirect(f"{with_query(url, before=_page_of(message))}#message-{message.number}")


def _page_of(message: Message) -> str:
    """The number before which the page ends, or '' where the newest page has it."""
    end = message.number + 11
    return str(end) if end <= message.conversation.highest_number else ""


def _render(
    request: MemberRequest,
    conversation: Conversation,
    *,
    form: MessageForm | None = None,
    adding: ParticipantForm | None = None,
    status: int = 200,
) -> HttpResponse:
    before = whole_number(request.GET.get("before"), highest=2**31 - 1)
    page = conversation_page(conversation, request.user, before=before)
    mark_conversation_read(conversation, request.user, page.read_up_to)
    if page.read_up_to == conversation.highest_number:
        read_notices(request.user, notice_key(conversation.pk))
    key = f"message:{conversation.pk}"
    draft = draft_of(request.user, key)
    context = {
        "page": page,
        "form": form or MessageForm.blank(prose_of(draft.words) if draft else None),
        "adding": adding or ParticipantForm(by=request.user),
        "writing": writing_in(request, key, draft),
    }
    return render(request, "discussions/conversation_show.html", context, status=status)
