"""Every annotation of the library, shapes included, is checked while the tests run."""

from hypothesis import settings
from jaxtyping import install_import_hook

install_import_hook("headatlas", "beartype.beartype")

settings.register_profile("project", deadline=None)  # how fast is no test's business
settings.load_profile("project")
