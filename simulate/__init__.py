"""Ground truth: integration and training of the real systems, independent of the theory."""
