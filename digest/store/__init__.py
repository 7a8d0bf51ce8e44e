"""What is remembered: the library, the issues and the ledger, in one database.

`open_store(url)` gives a `Store`; everything happens in its transactions:

    with store.begin() as tx:
        tx.library.record(file, changes, run=run, at=now)

A transaction is whole or was never there. `store.rehearse()` lets a block do everything and then
takes it all back, which is how `--dry-run`, `diff` and `preview` see the future.
"""

from digest.store.engine import open_store
from digest.store.library import Library
from digest.store.outbox import Outbox
from digest.store.store import Store, Transaction

__all__ = ["Library", "Outbox", "Store", "Transaction", "open_store"]
