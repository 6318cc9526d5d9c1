"""Many simulations: jobs named by all that they depend on, each computed once and kept on the disk.

A `Job` says what to compute, a `Store` keeps results, `sweep` computes those that are missing: `HERE`, in processes of
this machine, or on a cluster. It may be killed at any moment and started again.

>>> import jax, tempfile, xarray as xr
>>> jax.config.update("jax_enable_x64", True)
>>> from simulate.sweep import Job, Store, sweep
>>> class Square(Job):
...     x: float
...     def compute(self, needed, progress):
...         return xr.Dataset({"square": self.x**2})
>>> with tempfile.TemporaryDirectory() as folder:
...     store = Store(folder)
...     swept = sweep([Square(2.0), Square(3.0)], store)
...     float(store.read(Square(3.0)).square)
9.0
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
