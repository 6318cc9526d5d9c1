"""What training leaves behind in overlaps that the function does not show, and how it is forgotten."""
