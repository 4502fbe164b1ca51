"""Whether a run takes everything, as a build machine does, or the sample that is enough while one works."""

import os

#: `THOROUGH=1 make test`; `.ci/run` sets it.
THOROUGH = os.environ.get("THOROUGH") == "1"
