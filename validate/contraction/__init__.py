"""The contraction command: what its sections predict, measure, compare and draw, one file a section."""
