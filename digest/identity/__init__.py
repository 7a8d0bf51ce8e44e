"""The identity of papers: normalised ids and titles, and the decision whether two listings are one paper.

`keys_of` returns the keys by which a paper is found again, `traces` the hashes that find near titles, `compare`
the decision with its rule and evidence, and `may_be_one` whether a user should check the pair.
"""

from digest.identity.decide import Verdict, compare, compare_ids, compare_namesakes
from digest.identity.dois import doi, doi_in
from digest.identity.doubt import may_be_one
from digest.identity.folding import fold_text
from digest.identity.ids import arxiv_id, identified
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
    "doi_in",
    "feed_uid",
    "fold_text",
    "identified",
    "keys_of",
    "may_be_one",
    "sketches_near",
    "traces",
]
