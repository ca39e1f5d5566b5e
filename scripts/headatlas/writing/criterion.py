"""What it takes to claim that a head raises or lowers a token. Pages tell it: it stands alone."""

LEAST = 0.8  # lift on train and on validation of what is claimed
# Of heads whose lifts of all tokens are 0 on average, at most so many shall claim something.
FALSE = 0.02
