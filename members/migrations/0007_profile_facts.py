"""What stood in the table of profiles becomes facts; on the way back, what all members see becomes a profile again."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Frozen here: what the code calls them later is its own matter.
FIELDS = (
    ("biography", "About you", "text", 10, False, ""),
    ("place", "Place", "line", 20, True, ""),
    (
        "can_help_with", "What I can help with", "line", 60, False,
        "One sentence. It is what people read before they ask you.",
    ),
    ("looks_for", "What I am looking for", "line", 80, False, "One sentence."),
    ("links", "Links", "links", 90, False, "One on each line, five at most."),
)  # fmt: skip

COPY = """
    INSERT INTO members_fact (member_id, field_id, "values", visibility, source, confirmed_at)
    SELECT member.id, field.id, ARRAY[said.value], 'members',
           CASE WHEN member.claimed_at IS NULL THEN 'import' ELSE 'self' END, member.joined_at
    FROM members_profile AS profile
    JOIN members_member AS member ON member.id = profile.member_id
    CROSS JOIN LATERAL (
        VALUES ('biography', profile.biography), ('place', profile.place), ('links', profile.website),
               ('can_help_with', profile.can_help_with), ('looks_for', profile.looks_for)
    ) AS said (key, value)
    JOIN members_factfield AS field ON field.key = said.key
    WHERE said.value <> ''
    ON CONFLICT DO NOTHING
"""

# A fact that its owner shows to few has no place in the old table, where everybody saw everything: it stays a fact.
COPY_BACK = """
    INSERT INTO members_profile (member_id, biography, place, website, can_help_with, looks_for)
    SELECT member.id, coalesce(said.biography, ''), coalesce(said.place, ''), coalesce(said.website, ''),
           coalesce(said.can_help_with, ''), coalesce(said.looks_for, '')
    FROM members_member AS member
    LEFT JOIN (
        SELECT fact.member_id,
               max(fact."values"[1]) FILTER (WHERE field.key = 'biography') AS biography,
               max(fact."values"[1]) FILTER (WHERE field.key = 'place') AS place,
               max(fact."values"[1]) FILTER (WHERE field.key = 'links') AS website,
               max(fact."values"[1]) FILTER (WHERE field.key = 'can_help_with') AS can_help_with,
               max(fact."values"[1]) FILTER (WHERE field.key = 'looks_for') AS looks_for
        FROM members_fact AS fact JOIN members_factfield AS field ON field.id = fact.field_id
        WHERE fact.visibility = 'members' GROUP BY fact.member_id
    ) AS said ON said.member_id = member.id
    ON CONFLICT DO NOTHING
"""

TAKE_AWAY = """
    DELETE FROM members_fact AS fact USING members_factfield AS field
    WHERE field.id = fact.field_id AND fact.visibility = 'members'
      AND field.key IN ('biography', 'place', 'links', 'can_help_with', 'looks_for')
"""


def copy_profiles(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    field = apps.get_model("members", "FactField")
    field.objects.bulk_create(
        [
            field(
                key=key,
                label=label,
                kind=kind,
                position=position,
                is_facet=is_facet,
                help_text=help_text,
                is_built_in=True,
            )
            for key, label, kind, position, is_facet, help_text in FIELDS
        ],
        ignore_conflicts=True,
    )
    schema_editor.execute(COPY)


def copy_back(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(COPY_BACK)
    schema_editor.execute(TAKE_AWAY)


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0006_identity_providers"),
    ]

    operations = [
        migrations.RunPython(copy_profiles, copy_back),
    ]
