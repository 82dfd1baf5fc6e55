"""A programme's signals over some weeks as one page: each figure beside its words (`words`, `facts`), as a file (`page`,
`picture`). Whoever has the weeks makes it: `twoway report` from the ledger's rows, the coordinators' desk from the gateway's.
"""
