"""Gradient training of populations of any cell."""
