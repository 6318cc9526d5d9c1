"""When a recurrent network forgets its initial state: conditions, proofs and exact certificates."""
