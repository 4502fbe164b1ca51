"""Database sessions that have ended."""

from celery import shared_task
from django.contrib.sessions.models import Session
from django.db.models.functions import Now


@shared_task(name="sessions.clear")
def clear_sessions() -> int:
    """Delete sessions past their end. Returns how many."""
    deleted, _by_model = Session.objects.filter(expire_date__lt=Now()).delete()
    return deleted
