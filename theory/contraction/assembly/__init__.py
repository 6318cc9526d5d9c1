"""Networks of networks: links that keep contraction, and the metric and rate of the whole."""
