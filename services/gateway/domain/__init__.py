"""The gateway's few rules, pure: no clock, no random numbers, no I/O."""
