"""The paper's experiment (Cheng et al. 2017): its methods as a table, and rate-distortion."""
