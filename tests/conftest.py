"""Every annotation of the library, shapes included, is checked while the tests run."""

import os

from hypothesis import settings
from jaxtyping import install_import_hook
from places import SCRIPTS

install_import_hook("headatlas", "beartype.beartype")
# Processes that tests start read the library of this checkout, wherever it is installed from.
os.environ["PYTHONPATH"] = str(SCRIPTS)

settings.register_profile("project", deadline=None)  # how fast is no test's business
settings.load_profile("project")
