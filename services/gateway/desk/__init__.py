"""The coordinators' desk: what waits for a person of the programme, and what they can do about it. Whoever looks and
whoever acts leaves a line; everybody who has no link finds nothing here. Decision 38.
"""
