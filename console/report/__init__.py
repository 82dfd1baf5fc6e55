"""`twoway report`: the signals of some weeks as one page for a coordinator, and as JSON and CSV for partners.

The command reads rows (`reading`), sets each figure beside its words (`words`, `facts`), and writes them as a page (`page`,
`picture`) or a table (`tables`).
"""
