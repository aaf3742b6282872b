"""Reports: a series, what may be concluded of it, and what it was measured with, as one HTML page.

A `Source` is read from files (`read_file`) or an archive (`read_archive`). From its `timeline`
come, without I/O, the figures: `valence`, `events`, `link`, `missing`. `tracks` thins it out for
drawing, by `svg` and for the browser; `page` renders all of it.
"""
