"""GRU and LSTM: whether trajectories of a box of states meet under the same inputs, proved from the weights.

    rnn = torch.nn.GRU(3, 16)
    layer = gated.gru.from_arrays(*(weights.detach().numpy() for weights in rnn.parameters()), input_box=1.0)
    found = gated.decide.certify(layer)
    found.verdict.word, found.factor, found.gain

>>> import numpy as np
>>> from theory.contraction import gated
>>> layer = gated.lstm.from_arrays(np.ones((8, 1)), np.full((8, 2), 0.05), input_box=0.1)
>>> gated.decide.certify(layer).verdict.word
'contracting'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
