"""The API against its own description: schemathesis, as member and as manager, with every check it has.

A usual run gives the manager, who may do everything, every boundary of every field, and the member made-up requests
and sequences of them; a thorough run gives both everything. `SCHEMA_FUZZ_EXAMPLES` makes it longer,
`SCHEMA_FUZZ_SEED` makes it another one; `--log-cli-level INFO` shows its figures.
"""

import json
import logging
import os
import re
import subprocess
import sys

import pytest

from community.core.models import Scope
from community.core.tokens import create_token
from discussions.actions.post import accept_answer
from discussions.models import SpacePreset, TopicKind
from members.models import Criterion, RoleName
from tests.factories import make_application, make_member, make_poll, make_post, make_space, make_topic
from tests.servers import PROJECT, gunicorn
from tests.thorough import THOROUGH

logger = logging.getLogger(__name__)

EXAMPLES = os.environ.get("SCHEMA_FUZZ_EXAMPLES", "10")
EVERY_PHASE = "examples,coverage,fuzzing,stateful"
PHASES = {RoleName.MEMBER: "examples,fuzzing,stateful", RoleName.MANAGER: "examples,coverage"}
SEED = os.environ.get("SCHEMA_FUZZ_SEED", "2")

CONFIG = """
[auth.openapi.token]
bearer = "{secret}"
"""


def furnish(actor) -> None:
    """Something to find behind small ids: rooms of every kind, talk by the actor and by others."""
    others = make_member()
    rooms = [make_space(preset=preset) for preset in SpacePreset]
    rooms.append(make_space(preset=SpacePreset.PRIVATE, members=[actor]))
    for room in rooms:
        make_topic(space=room, tags=["pricing", "Größe"])
    for author in (actor, others):
        topic = make_topic(space=rooms[0], by=author, kind=TopicKind.QUESTION)
        make_post(topic=topic, by=others)
        accept_answer(make_post(topic=topic, by=actor, body="An *answer*."), by=author)
    for author in (actor, others):
        make_poll(place=rooms[0], by=author)
    for _number in range(4):
        make_application()
    Criterion.objects.create(name="Works in the field")


@pytest.mark.drill
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", [RoleName.MEMBER, RoleName.MANAGER])
def test_every_answer_is_as_described(role, tmp_path) -> None:
    actor = make_member("Fay Fuzz", role=role)
    furnish(actor)
    secret = create_token(actor, by=actor, name="schemathesis", scope=Scope.WRITE).secret
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG.format(secret=secret), encoding="utf-8")
    schema = tmp_path / "schema.json"
    command = [
        sys.executable,
        "manage.py",
        "spectacular",
        "--validate",
        "--fail-on-warn",
        "--format",
        "openapi-json",
    ]
    subprocess.run([*command, "--file", str(schema)], cwd=PROJECT, check=True)
    with gunicorn(tmp_path / "gunicorn.log") as server:
        run = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", str(schema)),
                *(
                    "--url",
                    server.url,
                    "--phases",
                    EVERY_PHASE if THOROUGH else PHASES[role],
                    "--checks",
                    "all",
                ),
                *(
                    "--max-examples",
                    EXAMPLES,
                    "--seed",
                    SEED,
                    "--workers",
                    "1",
                    "--continue-on-failure",
                ),
                # How fast values are made says something of this machine, not of the API.
                *("--suppress-health-check", "too_slow", "--generation-database", "none", "--no-color"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=3600,
        )
        log = server.log.read_text(encoding="utf-8")
    assert run.returncode == 0, run.stdout + run.stderr
    tracebacks = [line for line in log.splitlines() if '"level": "error"' in line]
    assert not tracebacks, tracebacks[:3]
    checked = re.search(r"(\d+) generated.*", run.stdout)
    assert checked is not None, run.stdout
    logger.info("%s: %s", role, checked.group())
    # Enough to mean something.
    assert int(checked.group(1)) > (1_000 if THOROUGH else 250), run.stdout
    assert json.loads(schema.read_text(encoding="utf-8"))["paths"]
