"""Wrong tries at signing in, counted where a lost or slow Redis cannot forget them."""

from django.db import models
from django.db.models.functions import Now


class SignInFailure(models.Model):
    """How often one thing was got wrong since `since`. Which thing is only known as a keyed digest: addresses that
    nobody has are counted too, and are nobody's business.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField()
    since = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (models.Index(fields=["since"], name="sign_in_failure_age"),)

    def __str__(self) -> str:
        return f"{self.count} since {self.since}"
