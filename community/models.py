"""Tables that join the apps: the memory of imports. Nothing else belongs here."""

from django.db import models
from django.db.models.functions import Now


class ImportRecord(models.Model):
    """What one row of an imported dump became here; makes a second run add nothing.

    `source` names the dump's community, `kind` its kind of row, `external_id` the row's id there. `data` keeps what
    is not shown, such as the down-votes of a post.
    """

    source = models.CharField(max_length=80)
    kind = models.CharField(max_length=20)
    external_id = models.CharField(max_length=40)
    target_type = models.CharField(max_length=40)
    target_id = models.BigIntegerField()
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["source", "kind", "external_id"], name="import_record_once"),
        )
        indexes = (models.Index(fields=["target_type", "target_id"], name="import_record_target"),)

    def __str__(self) -> str:
        return f"{self.source} {self.kind} {self.external_id}"
