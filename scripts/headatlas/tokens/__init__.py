"""Text as the tokens of a subject, and tokens as text; corpora and test texts share it."""
