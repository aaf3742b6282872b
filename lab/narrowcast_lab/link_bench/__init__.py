"""`narrowcast bench link`: what is left of valence over a simulated line, and at what delay.

Everything runs offline under a virtual clock (`narrowcast_lab.offline`): the same chips, once by
our controller and once by each baseline, the same figures of each.
"""
