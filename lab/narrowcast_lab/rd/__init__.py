"""The operating table: what rungs and frame rates keep of valence, and what they cost.

held     the frames of a clip that are coded at a frame rate, and for how long each is the newest
coded    one clip through encoder and decoder at one rung
row      figures of one rung at one frame rate, out of what was read and seen
measure  every rung at every frame rate
cells    what is finished, kept in a folder
pareto   the rows worth having
frontier the best operating point that a line carries in time
report   JSON, chart and table of all that
psnr     the table of a controller that protects the picture
"""
