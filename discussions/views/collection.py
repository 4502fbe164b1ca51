"""Curated collections: showing, beginning and changing them (rule 5.3)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.core.errors import Invalid, Refused
from community.core.http import whole_number
from community.core.permissions import require
from discussions.actions.collection import (
    add_to_collection,
    create_collection,
    edit_collection,
    remove_from_collection,
)
from discussions.forms.library import CollectionForm
from discussions.models import Collection, Resource, visible_spaces
from discussions.permissions import can_curate, can_edit_collection, can_look_after_library
from discussions.queries.library import collection_page
from members.requests import MemberRequest


@require_safe
def collection_show(request: MemberRequest, collection_id: int) -> HttpResponse:
    page = collection_page(_collection(request, collection_id), request.user)
    return render(request, "discussions/collection_show.html", {"collection": page})


def collection_create(request: MemberRequest) -> HttpResponse:
    require(can_look_after_library(request.user))
    spaces = {space.slug: space for space in visible_spaces(request.user) if can_curate(request.user, space)}
    form = CollectionForm(request.POST or None, by=request.user, spaces=spaces)
    if request.method == "POST" and form.is_valid():
        try:
            collection = create_collection(by=request.user, **form.cleaned_data)
        except Invalid as error:
            form.take_refusal(error)
        else:
            return redirect(collection)
    status = 422 if form.errors else 200
    return render(request, "discussions/collection_create.html", {"form": form}, status=status)


def collection_edit(request: MemberRequest, collection_id: int) -> HttpResponse:
    collection = _collection(request, collection_id)
    require(can_edit_collection(request.user, collection))
    form = CollectionForm(
        request.POST or None,
        by=request.user,
        spaces={},
        initial={"name": collection.name, "why": collection.why},
    )
    if request.method == "POST" and form.is_valid():
        try:
            edit_collection(collection, by=request.user, **form.cleaned_data)
        except Invalid as error:
            form.take_refusal(error)
        else:
            return redirect(collection)
    context = {"form": form, "collection": {"name": collection.name, "url": collection.get_absolute_url()}}
    return render(request, "discussions/collection_edit.html", context, status=422 if form.errors else 200)


@require_POST
def collection_add(request: MemberRequest, collection_id: int) -> HttpResponse:
    collection = _collection(request, collection_id)
    require(can_edit_collection(request.user, collection))
    resource = _chosen(request)
    if resource is None:
        raise Invalid(_("Choose a resource of the library."))
    add_to_collection(collection, resource, by=request.user, why=request.POST.get("why", ""))
    messages.success(request, _("It stands in the collection."))
    return redirect(collection)


@require_POST
def collection_remove(request: MemberRequest, collection_id: int) -> HttpResponse:
    collection = _collection(request, collection_id)
    resource = _chosen(request)
    if resource is None:
        raise Refused(_("This resource is not open to you."))
    remove_from_collection(collection, resource, by=request.user)
    messages.success(request, _("It is out of the collection."))
    return redirect(collection)


def _chosen(request: MemberRequest) -> Resource | None:
    number = whole_number(request.POST.get("resource"))
    return Resource.objects.visible_to(request.user).filter(pk=number or 0).first()


def _collection(request: MemberRequest, collection_id: int) -> Collection:
    collections = Collection.objects.visible_to(request.user).select_related("space", "curator")
    return get_object_or_404(collections, pk=collection_id)
