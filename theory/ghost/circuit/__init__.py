"""The latent circuit of a rank-one network: certified fixed points, ghosts, delays and critical rates."""
