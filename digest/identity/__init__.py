"""Which paper is this? Ids and titles in one spelling, and the decision whether two listings are one paper.

`keys_of` gives the keys under which a paper is found again, `traces` the hashes that find near titles,
`compare` the decision itself, with its rule and its evidence, `may_be_one` whether a person should look.
"""

from digest.identity.decide import Verdict, compare, compare_ids, compare_namesakes
from digest.identity.doubt import may_be_one
from digest.identity.folding import fold_text
from digest.identity.ids import arxiv_id, doi, identified
from digest.identity.keys import by_key, feed_uid, keys_of
from digest.identity.traces import Traces, sketches_near, traces

__all__ = [
    "Traces",
    "Verdict",
    "arxiv_id",
    "by_key",
    "compare",
    "compare_ids",
    "compare_namesakes",
    "doi",
    "feed_uid",
    "fold_text",
    "identified",
    "keys_of",
    "may_be_one",
    "sketches_near",
    "traces",
]
