"""Conditions on the weights, one file each.

What is asked, the metric and the rate it yields, its proof and its limits.
"""
