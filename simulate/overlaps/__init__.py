"""Low-rank networks trained neuron by neuron, and the equations of their overlaps iterated and integrated."""
