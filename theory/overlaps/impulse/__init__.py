"""Linear low-rank networks that answer an impulse: losses in closed form, critical points, plateaus."""
