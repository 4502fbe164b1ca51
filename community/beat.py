"""The scheduler of `celery beat`: the table in `community.celery`, kept in memory; the jobs are elsewhere."""

from celery.beat import Scheduler


class TableScheduler(Scheduler):
    """Runs the static table and writes no file.

    A schedule file written by a beat whose clock was ahead silently stops every later one.
    What is due is asked of the database by the jobs themselves, so a beat that was off only asks again.
    """

    def setup_schedule(self) -> None:
        self.merge_inplace(self.app.conf.beat_schedule)
        self.install_default_entries(self.schedule)
