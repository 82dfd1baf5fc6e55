"""Everything held about one person, for that person, in one file (rule 15): readable, with the same as JSON inside it.

It comes from the person's own row and story, and from everything on the log and in the archive that names them: whatever any
service keeps of a person it made from there. What an event tells its reader is said by one table, event by event (`told.py`).
"""
