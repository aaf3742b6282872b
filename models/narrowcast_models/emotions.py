"""The eight emotions people vote on, and the valence of each.

Sources: pleasure of the emotion terms in Russell & Mehrabian 1977; surprise from Russell 1980;
contempt assumed (the top vote of 0.6 % of FER+ faces). Other published choices correlate above
.99 with this one on FER+.
"""

EMOTIONS = (
    "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt",
)  # fmt: skip

VALENCES = (0.0, 0.81, 0.16, -0.63, -0.51, -0.60, -0.64, -0.35)
