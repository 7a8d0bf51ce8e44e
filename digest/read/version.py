"""The version of the readers: one number for all formats, because they share most of their code.

Rule: raise READER by one in the first change after a release that makes any reader give another title, abstract,
author, flag or link for a file that the release has read. Further changes before the next release need no other number.
A library keeps with each value the version that read it. What a newer version reads differently replaces the value once,
as `learnt`, and nobody is mailed a revision that no author made. A number that is raised without need only makes the
next revision of each paper silent until its source was read again; one that was not raised mails readers about papers
that did not change. Therefore, if in doubt, raise it.

After a change of the rules for keys (`digest.identity`), see MIGRATIONS in `digest.store.migrations` as well.

1. The first version that libraries keep; those before have 0.
2. Addresses are unwrapped, so that papers have the link and the DOI behind a filter of mail; the last abstract of a page
   that was cut short counts as cut wherever it ends; broken lines in the heads of forwarded arXiv mails are joined.
"""

from typing import Final

READER: Final = 2
