"""The audit: who did what, a chain of rows (`db.chain`) with a head that the morning digest tells outside."""

from db.chain import GENESIS, Chain, Flaw, Head, Verdict
from db.tables import audit

__all__ = ["CHAIN", "GENESIS", "Flaw", "Head", "Verdict", "head", "record", "verify"]

CHAIN = Chain(audit)

record = CHAIN.record
head = CHAIN.head
verify = CHAIN.verify
