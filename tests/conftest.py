"""Every annotation of the library, shapes included, is checked while the tests run."""

from jaxtyping import install_import_hook

install_import_hook("headatlas", "beartype.beartype")
