"""AVEC 2016's affect recognition sub-challenge (RECOLA): videos, boxes, gold standard.

Sources: Valstar et al. 2016, "AVEC 2016"; Ringeval et al. 2013, "RECOLA"; Cheng et al. 2017
for what is left out.
"""
