"""One line of JSON for each log record: what happened and in which request or job, never what somebody wrote."""

import json
import logging
import re
from datetime import UTC, datetime

from community.core.middleware import request_id

# Extras that may stand in a line. Anything else that code hands in is dropped: no text, address or token by accident.
EXTRAS = (
    "activity_id",
    "attempts",
    "count",
    "duration_ms",
    "job_id",
    "member_id",
    "reason",
    "route",
    "status",
    "task",
)


# No request, however odd, floods the log.
MAX_MESSAGE = 1_000
MAX_ERROR = 8_000
# Where PostgreSQL repeats the values it tripped over: addresses, names, what somebody wrote.
_QUOTED_BY_DATABASE = re.compile(r"^(?:DETAIL|CONTEXT|HINT|LINE \d+|QUERY):.*$\n?", re.MULTILINE)


class LineFormatter(logging.Formatter):
    """Time, level, logger, message, request id, the known extras, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _shortened(record.getMessage(), MAX_MESSAGE),
            "request": request_id.get(),
        }
        line |= {name: getattr(record, name) for name in EXTRAS if hasattr(record, name)}
        if record.exc_info:
            line["error"] = _shortened(
                _QUOTED_BY_DATABASE.sub("", self.formatException(record.exc_info)), MAX_ERROR
            )
        # In ASCII, so that no character of any alphabet starts a line, moves a terminal or cannot be written.
        return json.dumps(line, default=str)


def _shortened(text: str, longest: int) -> str:
    """The beginning and the end, which says what happened at last."""
    return text if len(text) <= longest else f"{text[: longest // 2]}…{text[-longest // 2 :]}"
