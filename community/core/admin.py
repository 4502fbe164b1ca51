"""What all pages of the admin share: nothing is written but through actions, and lists stay fast however long they are.

The site itself is `community/admin_site.py`; what it shows of an app stands in the app's own `admin.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Generic, TypeVar

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ShowFacets, helpers
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.forms.models import InlineForeignKeyField, construct_instance
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core.activity import target_type
from community.core.errors import DomainError
from community.core.http import MAX_ID, whole_number
from community.core.permissions import Decision

AnyModel = TypeVar("AnyModel", bound=Model)

ROWS_PER_PAGE: Final = 50
# How far pages of a list are counted. Beyond, "older" goes on by id: counting a million rows costs a second a page.
COUNTED_ROWS: Final = 1_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts to `COUNTED_ROWS` and no further."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        if isinstance(rows, QuerySet):
            rows = rows.order_by()
        counted: int = rows[:COUNTED_ROWS].count()
        return counted


class BoundedChangeList(ChangeList):
    """A list in order of arrival, newest first, that can be followed to its end without counting it."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            # Nothing was narrowed, so there is no "show all" to offer.
            self.full_result_count = self.result_count

    @property
    def is_counted_out(self) -> bool:
        return bool(self.result_count >= COUNTED_ROWS)

    @property
    def older_url(self) -> str | None:
        """Where the list goes on behind the last page that is counted."""
        is_last = self.page_num >= self.paginator.num_pages
        if not is_last or not self.is_counted_out or not len(self.result_list):
            return None
        return self.get_query_string({"id__lt": list(self.result_list)[-1].pk}, ["p"])


class ActionModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """Checks the shape of what was typed. Whether it is taken already, the action says in its own words."""

    def _post_clean(self) -> None:
        """As Django does it, without uniqueness and constraints: their messages name the constraint, not the way on."""
        form: Any = self
        hidden = {name for name, field in form.fields.items() if isinstance(field, InlineForeignKeyField)}
        try:
            form.instance = construct_instance(form, form.instance, form._meta.fields, form._meta.exclude)
            form.instance.clean_fields(exclude=form._get_validation_exclusions() | hidden)
        except ValidationError as error:
            form._update_errors(error)


class ReadOnlyInline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows that belong to the one of the page, to be read; whoever may see the page may see them."""

    extra = 0
    can_delete = False
    show_change_link = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CommunityModelAdmin(admin.ModelAdmin, Generic[AnyModel]):  # type: ignore[type-arg]
    """Read-only unless a subclass says otherwise, and then it writes by calling an action.

    A subclass says who may see its rows with `may_view`, and overrides `save_model` if it can add or change. What is
    done to a row is a Django admin action which ends with `self.carry_out`; it stands above the list and as a button
    on the page of the row.
    """

    form = ActionModelForm
    paginator = BoundedPaginator
    list_per_page = ROWS_PER_PAGE
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    ordering: ClassVar[Any] = ("-id",)
    # A column without an index would sort the whole table.
    sortable_by: ClassVar[Any] = ()
    # Actions that are asked for one row at a time, on its own page.
    one_by_one: ClassVar[frozenset[str]] = frozenset()

    # --- who may: the predicates of the app ---------------------------------------------------------------------

    def may_view(self, user: Any) -> Decision:
        raise NotImplementedError

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: AnyModel | None = None) -> bool:
        return bool(self.may_view(request.user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AnyModel | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AnyModel | None = None) -> bool:
        return False

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> AnyModel | None:
        """Django takes an empty `_to_field` for the name of a field, and fails."""
        found: AnyModel | None = super().get_object(request, object_id, from_field or None)
        return found

    # --- writing ------------------------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: AnyModel, form: Any, change: bool) -> None:
        """Call the action. What it refuses is shown above the form, which keeps what was typed."""
        raise NotImplementedError

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Rows inside the page are written by actions too, or not at all."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as error:
            # The transaction is rolled back. The same form again, now invalid for this reason.
            request._refusal = error  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: AnyModel | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: type[Any] = super().get_form(request, obj, change, **kwargs)
        refusal: DomainError | None = getattr(request, "_refusal", None)
        return form if refusal is None else _refused(form, refusal)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Without the small buttons that add or change what a field points to: that is a page of its own."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(getattr(field, "widget", None), RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget  # type: ignore[union-attr]
        return field

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        """The activity of the action is the record; a second one would be another truth."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        pass

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        """What happened to a row is its activity."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        query = urlencode({"target_type": target_type(row), "target_id": row.pk})
        return HttpResponseRedirect(f"{reverse('admin:core_activity_changelist')}?{query}")

    # --- reading ------------------------------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, title | (extra_context or {}))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedChangeList

    def get_view_on_site_url(self, obj: AnyModel | None = None) -> str | None:
        """The page itself, not Django's redirect by kind and id."""
        get_url: Callable[[], str] | None = (
            getattr(obj, "get_absolute_url", None) if self.view_on_site else None
        )
        return get_url() if get_url is not None and obj is not None and obj.pk else None

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        # The same answer for what is not there and for what may not be known.
        raise Http404

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        """With a button for every action that this person may take and that fits the row."""
        if obj is not None and obj.pk:
            every: dict[str, Any] = super().get_actions(request)
            context["acts"] = [
                {"name": name, "label": label}
                for name, (_func, _name, label) in every.items()
                if self.fits(name, obj)
            ]
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs | {"obj": obj})
        return response

    def fits(self, action: str, obj: AnyModel) -> bool:
        """Whether an action makes sense for this row, so that its page does not offer to close what is closed."""
        return True

    # --- acting -------------------------------------------------------------------------------------------------

    def get_actions(self, request: HttpRequest) -> dict[str, tuple[Callable[..., str], str, str] | None]:
        actions: dict[str, Any] = super().get_actions(request)
        if request.method == "POST":
            return actions
        return {name: action for name, action in actions.items() if name not in self.one_by_one}

    def response_action(self, request: HttpRequest, queryset: QuerySet[AnyModel]) -> HttpResponse | None:  # type: ignore[override]
        """On chosen rows only: never on "all that match", which nobody has looked at."""
        fields = request.POST.copy()
        chosen = [pk for pk in fields.getlist(helpers.ACTION_CHECKBOX_NAME) if whole_number(pk) is not None]
        fields.setlist(helpers.ACTION_CHECKBOX_NAME, chosen[:ROWS_PER_PAGE])
        fields["select_across"] = "0"
        if fields.get("action") in self.one_by_one and len(chosen) > 1:
            self.message_user(request, _("This is done one by one, on the page of each."), messages.WARNING)
            return None
        request.POST = fields  # type: ignore[assignment]
        response: HttpResponse | None = super().response_action(request, queryset)
        return response

    def carry_out(
        self,
        request: HttpRequest,
        queryset: QuerySet[AnyModel],
        *,
        question: str,
        button: str,
        act: Callable[[AnyModel, dict[str, Any]], object],
        form_class: Callable[[Any], forms.Form] = forms.Form,
        sensitive: bool = False,
    ) -> HttpResponse:
        """Ask first, with a form where the action needs words, then act on each row and say what came of it.

        Rows for which the action refuses stay chosen, with its reason beside them and the form as it was typed.
        `sensitive` asks for the password again if that was not done in the last minutes.
        """
        if sensitive:
            raise_if_reauthentication_required(request, app="allauth.account")
        is_confirmed = "confirmed" in request.POST
        form = form_class(request.POST if is_confirmed else None)
        rows = list(queryset)
        refused: dict[Any, str] = {}
        if is_confirmed and form.is_valid():
            for row in rows:
                try:
                    act(row, form.cleaned_data)
                except DomainError as error:
                    refused[row.pk] = error.sentence
            done = len(rows) - len(refused)
            if done:
                sentence = ngettext("Done for {count}.", "Done for {count}.", done).format(count=done)
                self.message_user(request, sentence, messages.SUCCESS)
            if not refused:
                return HttpResponseRedirect(self.way_back(request))
            rows = [row for row in rows if row.pk in refused]
        context = {
            **self.admin_site.each_context(request),
            "title": question,
            "opts": self.opts,
            "rows": [{"pk": row.pk, "name": str(row), "refusal": refused.get(row.pk)} for row in rows],
            "form": form,
            "button": button,
            "action": request.POST.get("action", ""),
            "from_page": request.POST.get("from_page", ""),
            "back": self.way_back(request),
            "media": self.media + form.media,
        }
        return TemplateResponse(
            request, "admin/act.html", context, status=422 if refused or form.errors else 200
        )

    def way_back(self, request: HttpRequest) -> str:
        """The page of the row where its button was pressed, otherwise the list."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        pk = whole_number(request.POST.get("from_page"), highest=MAX_ID)
        return request.get_full_path() if pk is None else reverse(f"{name}_change", args=[pk])


def _refused(form: type[Any], refusal: DomainError) -> type[Any]:
    """The same form, which says what the action said."""

    class RefusedForm(form):  # type: ignore[misc]
        def clean(self) -> dict[str, Any] | None:
            cleaned: dict[str, Any] | None = super().clean()
            known = {name: sentences for name, sentences in refusal.fields.items() if name in self.fields}
            for name, sentences in known.items():
                self.add_error(name, [ValidationError(sentence) for sentence in sentences])
            if not known:
                self.add_error(None, refusal.sentence)
            return cleaned

    return RefusedForm
