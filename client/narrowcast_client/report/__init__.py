"""Reports: one or several series with their statistics and their measurement, as one HTML page.

A `Source` comes from a file (`read_file`) or an archive (`job`). Its statistics are computed
without I/O from its `timeline`: `valence`, `events`, `link`. `tracks` reduces it for drawing,
`panels` and `svg` draw it, `section` collects all values, and `page` renders them.
"""
