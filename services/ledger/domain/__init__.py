"""Double entry as pure functions of frozen values: no clock, no id, no I/O."""
