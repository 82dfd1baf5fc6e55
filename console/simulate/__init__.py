"""`twoway simulate`: made-up people over weeks of log time, through the real services.

`people` says how somebody chooses and `rates` how often; `town` is what they do and hear; `services` are the matcher, the
ledger and the notifier on a server of their own, which `logtime` makes go by the log's time; `run` puts them together.
"""
