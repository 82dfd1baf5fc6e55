"""Who is put together: everybody who waits, weighed with everybody else, for the greatest benefit of all.

Up to 500 people the round is exact. Above, prices guide it, and the same prices prove how near it came. Everything here
is a function of its arguments and a seed: no clock, no store, and the same pairs whatever the number of threads.
"""
