"""What the theory says before anything is trained: what no training can bring together, and what width does."""

import math

import numpy as np

from theory.degeneracy import matched_distance, saddles
from validate.degeneracy.settings import Config
from validate.progress import Progress
from validate.report import Report

NEURONS = (100, 10_000)
GROWTH = 1.05
"""The factor an epoch of what grows fastest on a saddle."""


def checks(config: Config, report: Report, progress: Progress) -> None:
    """Record: copies of a network of the settings' units, and laws of linear networks of rank one."""
    copies = config.units * math.log10(2) + math.lgamma(config.units + 1) / math.log(10)
    report.quantity("copies_of_a_network", copies, "log10; units permuted and flipped")
    for neurons in NEURONS:
        apart = matched_distance(np.eye(4), np.eye(4), neurons)
        report.quantity(f"apart_at_{neurons}_neurons", apart, "distance of W at equal overlaps")
    report.quantity("epochs_an_efold", saddles.epochs_per_efold(GROWTH), "later off a saddle, at e times the neurons")
    report.quantity("spread_of_leaving", saddles.spread_of_time(GROWTH), "epochs, over networks, at any width")
