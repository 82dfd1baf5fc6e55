"""The two-way record: every moment has a giver and a receiver, and the sum over everyone is always zero.

Entries are never edited or deleted; what was written down wrongly is reversed by an entry that names it. Each peer is
told two counts, moments given and moments received, and never their difference.
"""
