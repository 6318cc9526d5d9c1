"""The Gaussian closure of nonlinear networks: its averages, where it parts from the truth, when to trust it."""
