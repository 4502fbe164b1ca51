"""How gunicorn serves, which reads this file by its name; the values come from the environment."""

from pathlib import Path

from community.env import env_int, env_str

bind = f"{env_str('BIND', '127.0.0.1')}:{env_int('PORT', 8000, least=1, most=65535)}"
# Two cores: two processes for Python, and threads for the time they wait for the database.
workers = env_int("WEB_WORKERS", 2, least=1, most=64)
threads = env_int("WEB_THREADS", 4, least=1, most=64)
worker_class = "gthread"
# Loaded once and forked: a worker that dies is back in milliseconds, and the code is in memory once.
preload_app = True
timeout = 60
# Less than what a process manager waits before it kills.
graceful_timeout = 4
# Workers are replaced now and then, not all at once, so that a slow leak in any library stays small.
max_requests = 20_000
max_requests_jitter = 2_000
# More than a browser sends is refused before Django sees it.
limit_request_line = 8190
limit_request_fields = 60
loglevel = "warning"
# It would be a socket in the home folder, shared by every server of this user.
control_socket_disable = True
# The sign of life of a worker is a file; in memory it waits for no disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes its own file there
