"""The toy model at finite threshold and confidence: numbers, asymptotics, and what Euler's method does to it."""
