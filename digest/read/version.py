"""The version of the readers: one number for all formats, because they share most of their code."""

from typing import Final

# Raise this by one in the first change after a release that makes any reader give another title, abstract, author,
# flag or link for a file that an earlier release has read. What the library knows from an older version is then
# replaced once, without being announced as revised. After a change of the rules for keys (`digest.identity`), see
# MIGRATIONS in `digest.store.migrations` instead.
READER: Final = 1
