"""Head Atlas: explain, test and group the attention heads of a transformer."""

__version__ = "0.1.0"
