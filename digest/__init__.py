"""paper-digest: from piles of new-paper listings to the newsletter each reader wants."""

__version__ = "0.1.0"
