"""What the ledger counts for a programme's signals, beside posting moments.

All counts follow from the log alone, and none leads back to a person: what is needed to know of one rests on their holder's
row, which goes with them.
"""
