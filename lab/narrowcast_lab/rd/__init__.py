"""The operating table: what each rung keeps of valence on lines of each rate.

measure  every rung over every line, by the control law itself
report   table, JSON and chart of that
"""
