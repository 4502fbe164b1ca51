"""Real servers, started, killed and started again; nothing here is imitated."""

import contextlib
import os
import shutil
import subprocess
import sys
import time

import psutil
import pytest

from tests.homes import PROJECT, Home, clean, wait_for

pytestmark = pytest.mark.drill

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run PostgreSQL as somebody else")


def test_servers_start_with_the_first_user_and_stop_with_the_last(home: Home) -> None:
    with home.user() as first, home.user() as second:
        assert first.database == second.database
        assert int(first.query("SHOW server_version_num")) >= 160_000
        assert first.query("SELECT usesuper FROM pg_user WHERE usename = current_user") is False
        assert first.query("SHOW listen_addresses") == ""
        assert second.ping()
        first.leave()
        assert second.query("SELECT 1") == 1
    home.wait_empty()
    assert not list(home.var.glob("run/*.json"))


def test_servers_stop_when_the_last_user_is_killed(home: Home) -> None:
    with home.user() as user:
        user.kill()
    home.wait_empty()


def test_a_forked_child_keeps_the_servers_when_its_parent_is_gone(home: Home) -> None:
    user = home.start("fork").wait_ready()
    user.process.wait()
    time.sleep(1)
    assert user.query("SELECT 1") == 1
    assert user.ping()
    user.process.stdin.close()
    home.wait_empty()


def test_two_that_start_at_the_same_instant_share_one_server(home: Home) -> None:
    users = [home.start() for _ in range(4)]
    with contextlib.ExitStack() as stack:
        for user in users:
            stack.callback(user.leave)
        assert len({user.wait_ready().database for user in users}) == 1
        assert len(home.supervisors()) == 2
        home.postmaster()
    home.wait_empty()


def test_a_killed_postmaster_and_a_killed_redis_come_back_with_the_data(home: Home) -> None:
    with home.user() as user:
        user.query("CREATE TABLE kept AS SELECT 42 AS answer")
        postmaster, redis_server = home.postmaster(), home.redis_server()
        postmaster.kill()
        redis_server.kill()
        psutil.wait_procs([postmaster, redis_server], timeout=5)
        # A user that comes now waits for a connection instead of believing a file.
        with home.user() as other:
            assert other.query("SELECT answer FROM kept") == 42
            assert other.ping()
            assert other.database == user.database
        assert user.query("SELECT answer FROM kept") == 42
        assert home.postmaster().pid != postmaster.pid
    home.wait_empty()


def test_a_killed_supervisor_takes_its_server_along_and_the_next_user_starts_both(home: Home) -> None:
    with home.user() as user:
        user.query("CREATE TABLE kept AS SELECT 42 AS answer")
        supervisors = home.supervisors()
        for supervisor in supervisors:
            supervisor.kill()
        home.wait_empty()
        with home.user() as other:
            assert other.query("SELECT answer FROM kept") == 42
            # The one that was there before finds the servers where they were.
            assert user.query("SELECT answer FROM kept") == 42
            assert user.ping()
    home.wait_empty()


def test_everything_killed_at_once_and_the_numbers_given_to_others(home: Home) -> None:
    with home.user() as user:
        user.query("CREATE TABLE kept AS SELECT 42 AS answer")
        pid_file = home.var / "postgres" / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        owner = pid_file.stat()
        stale = list(home.var.glob("run/postgres/.s.PGSQL.*.lock"))
        assert stale
        for process in home.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        user.kill()
    home.wait_empty()
    # The number of the dead postmaster now belongs to a harmless process of the same account.
    with subprocess.Popen(["sleep", "60"], user=owner.st_uid) as bystander:
        for path in (pid_file, *stale):
            path.write_text("\n".join([str(bystander.pid), *lines[1:]]) + "\n")
        with home.user() as user:
            assert user.query("SELECT answer FROM kept") == 42
            assert user.ping()
        assert bystander.poll() is None
        bystander.kill()
    home.wait_empty()


def test_a_first_start_killed_halfway_is_begun_anew(home: Home) -> None:
    user = home.start()
    draft = home.var / "postgres.new"
    wait_for(draft.exists)
    time.sleep(0.2)
    for process in home.supervisors():
        process.kill()
    user.kill()
    home.wait_empty()
    assert not (home.var / "postgres").exists()
    with home.user() as user:
        assert user.query("SELECT 1") == 1


@pytest.mark.parametrize("name", ["a, \"b\" 'c' %41 ü/var", "/".join(["deep" * 10] * 5)])
def test_odd_and_deep_folders(make_home, folder, name: str) -> None:
    home = make_home(name)
    with home.user() as user:
        assert user.query("SELECT 1") == 1
        assert user.ping()
    home.wait_empty()
    # Sockets that had to live elsewhere leave nothing there.
    assert not list(home.var.glob("run/*.sockets"))


def test_a_copied_folder_gets_a_server_of_its_own(make_home, folder) -> None:
    home = make_home()
    with home.user() as user:
        user.query("CREATE TABLE kept AS SELECT 42 AS answer")
        subprocess.run(["cp", "-a", home.var, folder / "copy"], check=True)
    copy = make_home("copy")
    with home.user() as user, copy.user() as other:
        assert user.database != other.database
        assert user.query("SELECT answer FROM kept") == 42
        assert other.query("SELECT answer FROM kept") == 42


def test_named_servers_are_used_and_nothing_is_started(home: Home) -> None:
    home.extra = {"DATABASE_URL": "postgresql://a:b@127.0.0.1:1/c", "REDIS_URL": "redis://127.0.0.1:1/0"}
    with home.user() as user:
        assert user.database == home.extra["DATABASE_URL"]
        assert user.redis == home.extra["REDIS_URL"]
        assert not home.processes()
    assert not home.var.exists()


def test_only_the_server_that_is_not_named_is_started(home: Home) -> None:
    home.extra = {"DATABASE_URL": "postgresql://a:b@127.0.0.1:1/c"}
    with home.user() as user:
        assert user.ping()
        assert not home.servers("postgres")


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("DATABASE_URL", "mysql://a@b/c", "DATABASE_URL must start with postgresql:// or postgres://."),
        ("DATABASE_URL", "postgresql://host:port/name", "DATABASE_URL is not a URL"),
        ("DATABASE_URL", "postgresql://host:5432/", "DATABASE_URL names no database"),
        ("REDIS_URL", "http://localhost", "REDIS_URL must start with redis:// or rediss:// or unix://."),
        ("REDIS_URL", "redis://localhost/x", "REDIS_URL must end in the number of a Redis database"),
    ],
)
def test_a_wrong_url_is_one_sentence(home: Home, variable: str, value: str, sentence: str) -> None:
    home.extra = {"DATABASE_URL": "postgresql://h/n", "REDIS_URL": "redis://h/0", variable: value}
    said = home.refusal()
    assert said.startswith(f"trefoil: {sentence}")
    assert len(said.splitlines()) == 1


def test_a_folder_that_cannot_be_written_is_one_sentence(ordinary_home: Home, folder) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o555)
    home = Home(closed / "var", uid=ordinary_home.uid)
    if os.geteuid() == 0:
        os.chown(closed, 0, 0)
    said = home.refusal()
    assert said.startswith(f"trefoil: The folder {home.var} cannot be used (Permission denied)")
    assert len(said.splitlines()) == 1


def test_an_ordinary_user_runs_servers_and_they_stop(ordinary_home: Home) -> None:
    with ordinary_home.user() as user:
        assert user.query("SELECT 1") == 1
        assert user.ping()
        assert {process.uids().real for process in ordinary_home.processes()} == {ordinary_home.uid}
        if os.geteuid() == 0:
            # Root may use them too, and what root leaves does not lock the owner out.
            home = Home(ordinary_home.var)
            with home.user() as root:
                assert root.query("SELECT 1") == 1
    ordinary_home.wait_empty()
    with ordinary_home.user() as user:
        assert user.query("SELECT 1") == 1


@as_root
def test_root_below_a_private_home(make_home, folder) -> None:
    private = folder / "private"
    private.mkdir(mode=0o700)
    home = make_home("private/var")
    with home.user() as user:
        user.query("CREATE TABLE kept AS SELECT 42 AS answer")
        assert home.postmaster().uids().real != 0
        assert not (home.var / "postgres.where").read_text().startswith(str(folder))
    home.wait_empty()
    # A moved project finds its data again.
    private.rename(folder / "moved")
    moved = make_home("moved/var")
    with moved.user() as user:
        assert user.query("SELECT answer FROM kept") == 42
    moved.wait_empty()
    # A copy does not touch what belongs to another.
    shutil.copytree(folder / "moved", folder / "copy", symlinks=True, ignore=shutil.ignore_patterns("run"))
    os.chmod(folder / "copy", 0o700)
    copy = make_home("copy/var")
    with copy.user() as user:
        assert user.query("SELECT to_regclass('kept') IS NULL") is True
    copy.wait_empty()
    # Whoever removes var begins anew, even though the data were elsewhere.
    shutil.rmtree(moved.var)
    with moved.user() as user:
        assert user.query("SELECT to_regclass('kept') IS NULL") is True


@as_root
def test_a_full_disk_is_one_sentence_and_room_mends_it(make_home, folder) -> None:
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk is not allowed here")
    home = make_home("disk/var")
    ballast = disk / "ballast"
    try:
        with ballast.open("wb") as file, contextlib.suppress(OSError):
            for _ in range(200):
                file.write(bytes(1 << 20))
        said = home.refusal()
        assert said.startswith("trefoil: The disk that holds ")
        assert len(said.splitlines()) == 1
        ballast.unlink()
        with home.user() as user:
            user.query("CREATE TABLE kept AS SELECT 42 AS answer")
        home.wait_empty()
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(1 << 12))
        said = home.refusal()
        assert said.startswith("trefoil: The disk that holds ")
        assert len(said.splitlines()) == 1
        ballast.unlink()
        with home.user() as user:
            assert user.query("SELECT answer FROM kept") == 42
        home.wait_empty()
    finally:
        clean(home)
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_programs_that_only_read_settings_start_nothing(home: Home) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=PROJECT,
        env={**home.environment(), "DJANGO_SETTINGS_MODULE": "community.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not home.var.joinpath("run").exists()
