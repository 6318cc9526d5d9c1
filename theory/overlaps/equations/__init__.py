"""The equations of the overlaps, from one neuron's row; start with `theory.overlaps.OverlapTheory`."""
