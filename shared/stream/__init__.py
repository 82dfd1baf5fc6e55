"""The log of a partition: appending to it, reading it in order, and the one write that follows each batch.

Names of keys are in `names`, outside input comes in through `append`, services read through `reader` (hosted by
FastStream in `host`) and answer with `write`; `archive` keeps what is trimmed and `rebuild` starts a service over.
"""
