"""The library database: papers, issues, the outbox and the ledger.

`open_store(url)` returns a `Store`; everything happens in its transactions:

    with store.begin() as tx:
        tx.library.record(file, changes, run=run, at=now)

A transaction is committed as a whole or not at all. `store.rehearse()` rolls back everything at the end of
its block; `--dry-run`, `diff` and `preview` use it.
"""

from digest.store.engine import open_store
from digest.store.library import Library
from digest.store.outbox import Outbox
from digest.store.store import Store, Transaction

__all__ = ["Library", "Outbox", "Store", "Transaction", "open_store"]
