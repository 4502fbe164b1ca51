"""Whether a run takes everything, or the sample that is enough while one works."""

import os

#: `THOROUGH=1 make test`.
THOROUGH = os.environ.get("THOROUGH") == "1"
