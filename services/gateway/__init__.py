"""The web part: the forms, each peer's own page and the partners' intake.

It accepts, names and forwards what people say; it decides nothing about anybody. What it shows comes from its own read
model, built from the log like any other service's state.
"""
