"""One line of JSON for each log record: what happened and in which request or job, never what somebody wrote."""

import json
import logging
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


class LineFormatter(logging.Formatter):
    """Time, level, logger, message, request id, the known extras, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request": request_id.get(),
        }
        line |= {name: getattr(record, name) for name in EXTRAS if hasattr(record, name)}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)
