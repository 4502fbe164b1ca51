"""The files that start the parts agree with each other and with the code, and name no host."""

import ast
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[1]
COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
PACKAGES = ("community", "members", "discussions", "outreach", "metrics")


def variables_read() -> set[str]:
    """Every name that an env_… reader is called with, and those other tools read."""
    names = {"CHROMIUM", "WORKER_PROCESSES"}
    files = [
        PROJECT / "gunicorn.conf.py",
        *(path for package in PACKAGES for path in (PROJECT / package).rglob("*.py")),
    ]
    # The bench sets its own variable for its own server.
    for path in (path for path in files if "bench" not in path.parts):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id.startswith("env_")
            ):
                assert isinstance(node.args[0], ast.Constant | ast.Name), f"{path}: name the variable itself"
                if isinstance(node.args[0], ast.Constant):
                    names.add(node.args[0].value)
    return names


def test_every_variable_is_in_the_example_and_in_the_manual() -> None:
    example = set(re.findall(r"^#([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE))
    manual = set(re.findall(r"^\| `([A-Z_]+)` ", (PROJECT / "docs/operations.md").read_text(), re.MULTILINE))
    assert variables_read() == example
    assert variables_read() == manual


def test_the_example_changes_nothing_as_it_stands() -> None:
    lines = (PROJECT / ".env.example").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []


def test_compose_has_every_part() -> None:
    services = COMPOSE["services"]
    assert services.keys() == {"proxy", "web", "worker", "beat", "migrate", "postgres", "redis", "mail"}
    image, version = services["postgres"]["image"].split(":")
    assert (image, int(version) >= 17) == ("postgres", True)
    for name in ("web", "worker", "beat", "migrate"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["environment"]["DATABASE_URL"].startswith("postgresql://trefoil:")
    # Neither is reached from outside the machine, nor from the proxy.
    for name in ("postgres", "redis"):
        assert services[name]["networks"] == ["inside"]
        assert "ports" not in services[name]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for name, service in services.items():
        for needed in service.get("depends_on", {}):
            assert needed in services, name


def test_compose_and_procfile_run_the_same_programs() -> None:
    procfile = dict(line.split(": ", 1) for line in (PROJECT / "Procfile").read_text().splitlines())
    image = re.search(r'^CMD \["(.+)"\]$', (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    commands = {name: COMPOSE["services"][name].get("command") for name in procfile}
    commands["web"] = image.group(1).split('", "')
    for name, line in procfile.items():
        # A log is read by people here and by machines there.
        assert without_log_level(commands[name]) == without_log_level(shlex.split(line)), name


def without_log_level(words: list[str]) -> list[str]:
    return words[: words.index("--loglevel")] if "--loglevel" in words else words


def test_values_that_are_required_say_so() -> None:
    text = (PROJECT / "docker-compose.yml").read_text()
    for name in ("SITE_URL", "SECRET_KEY", "POSTGRES_PASSWORD", "POSTGRES_APP_PASSWORD", "REDIS_PASSWORD"):
        assert f"${{{name}:?" in text
        assert f"${{{name}}}" not in text


def test_the_image_runs_as_nobody_in_particular() -> None:
    lines = (PROJECT / "Dockerfile").read_text().splitlines()
    assert "USER trefoil" in lines
    assert not any("dev.txt" in line for line in lines)
    copied = [
        line for line in (PROJECT / ".dockerignore").read_text().splitlines() if not line.startswith("#")
    ]
    assert copied[0] == "*"


@pytest.mark.parametrize("name", ["base", "dev"])
def test_the_lock_has_hashes_and_names_no_host(name: str) -> None:
    text = (PROJECT / "requirements" / f"{name}.txt").read_text()
    assert "://" not in text
    assert "--index-url" not in text
    for requirement in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[a-z0-9.\-\[\],]+==\S+", requirement), requirement
        assert "--hash=sha256:" in requirement, requirement


def test_scripts_are_whole() -> None:
    for script in (".ci/run", "deploy/postgres/10-application.sh"):
        path = PROJECT / script
        assert path.stat().st_mode & 0o111, script
        subprocess.run([shutil.which("bash"), "-n", path], check=True)
