"""The toy model and populations of rank-one networks, integrated and trained."""
