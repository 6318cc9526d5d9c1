"""One thread for linear algebra: on matrices of these sizes two gain little and, on a busy machine, lose a great deal."""

from threadpoolctl import threadpool_limits

one_blas_thread = threadpool_limits.wrap(limits=1, user_api="blas")
"""Decorates a function that calls LAPACK many times; the limit ends with the call."""
