"""Gradient descent on the confident loss: plateau, cycles, error floor, and the proofs of safety and of failure."""
