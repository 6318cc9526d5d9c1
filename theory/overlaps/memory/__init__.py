"""What training leaves behind in overlaps that the function does not show, and how it is forgotten.

Start with `loop`, the task sequence A-B-A.

>>> from theory.overlaps import memory
>>> memory.holonomy.linear_memory()  # the function is three numbers, and learning reaches five of the overlaps
Memory(function=3, reached=5)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
