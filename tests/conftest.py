"""Strict numerics for every test: double precision, no silent promotion; and programs that compile quickly."""

import os

import jax

_FLAGS = os.environ.get("XLA_FLAGS")
# Compiling takes most of the tests' time. The older emitters need a quarter less, and their code rounds differently.
os.environ["XLA_FLAGS"] = f"{_FLAGS or ''} --xla_cpu_use_fusion_emitters=false".strip()

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.devices()  # the flags are read here; processes that tests start are to run as a user's would

if _FLAGS is None:
    del os.environ["XLA_FLAGS"]
else:
    os.environ["XLA_FLAGS"] = _FLAGS
