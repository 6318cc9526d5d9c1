"""Trainable weights that contract by construction, whatever their unconstrained parameters."""
