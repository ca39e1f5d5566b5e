"""Models held against each other: heads that behave alike on the same passages."""
