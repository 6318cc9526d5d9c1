"""One thread for linear algebra: on matrices of these sizes two gain little and, on a busy machine, lose much."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

Parameters = ParamSpec("Parameters")
ResultT = TypeVar("ResultT")


def one_blas_thread(function: Callable[Parameters, ResultT]) -> Callable[Parameters, ResultT]:
    """Wrap a function so that BLAS and LAPACK use one thread during its calls."""

    @wraps(function)
    def limited(*args: Parameters.args, **kwargs: Parameters.kwargs) -> ResultT:
        with threadpool_limits(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return limited
