"""Where networks stand still: sets of fixed points, their proofs, and what shows that none is missing."""
