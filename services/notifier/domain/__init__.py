"""When somebody is told something: pure rules, without a clock, an id or any I/O."""
