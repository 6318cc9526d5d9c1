"""What gradient descent on a low-rank network cannot change, and what breaks such laws."""
