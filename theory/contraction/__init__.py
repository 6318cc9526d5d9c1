"""Contraction: does a network, or a network of networks, forget its initial state whatever its inputs do?

`certify` decides about a weight matrix in `VOLTAGE` or `RATE` form, `largest_gain` says how steep the nonlinearities
may become. Both answer with proofs in rational arithmetic, which `Certificate` writes to a file. `assemble` joins
contracting networks, and `certify_assembly` proves the rate of the whole.

Who follows the proofs finds them in rooms: `conditions` (what is asked of the weights), `search` (floating point
proposes), `claims` (rational arithmetic decides), `assembly` (networks of networks), `theorems` (6 and 7), `gated` (GRU
and LSTM), `lure` (Lur'e systems and their gain), `regions` (basins of attraction), `exact_matrix`.

>>> import numpy as np
>>> from theory.contraction import VOLTAGE, certify
>>> found = certify(np.array([[0.0, -1.5], [1.5, -1.0]]), VOLTAGE)
>>> found.verdict.word, found.condition, round(found.rate, 4)
('contracting', 'multiplier', 0.4375)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
