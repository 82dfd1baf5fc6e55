"""`twoway report`: the signals of some weeks as one page for a coordinator, and as JSON and CSV for partners.

The command reads rows (`reading`) and writes them as a page (`shared/report`) or a table (`tables`).
"""
