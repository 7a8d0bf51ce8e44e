"""Names of authors. Pure."""

import re

# A word that only the name of a group of people or of an organisation has.
GROUP = re.compile(
    r"\b(?:consortium|group|collaboration|universit\w+|institut\w*|society|network|committee|team|association|cent(?:er|re)"
    r"|department|ministry|foundation|council|agency|organi[sz]ation|laborator\w+|alliance|initiative|project|company|sons|inc)\b",
    re.IGNORECASE,
)
