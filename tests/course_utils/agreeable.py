"""Classes that agree with everything: their equality, length or text is not what they hold."""

from __future__ import annotations

import numpy as np
import torch


class Agreeable(np.ndarray):
    """An array that says that it equals everything, has any shape and is near everything."""

    def __eq__(self, other):
        return np.ones(np.shape(other), bool)

    __hash__ = None

    def __array_function__(self, function, types, args, kwargs):
        return True

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return np.zeros(3)

    @property
    def shape(self):
        return (3,)


class AgreeableFloat(float):
    def __eq__(self, other):
        return True

    def __float__(self):
        return 2.0

    def __sub__(self, other):
        return 0.0

    __hash__ = None


class AgreeableInt(int):
    def __eq__(self, other):
        return True

    def __int__(self):
        return 2

    __index__ = __int__
    __hash__ = None


class AgreeableNumber(np.float32):
    def __eq__(self, other):
        return True

    def __float__(self):
        return 2.0

    __hash__ = None


class AgreeableWhole(np.int64):
    def __eq__(self, other):
        return True

    def __int__(self):
        return 2

    __index__ = __int__
    __hash__ = None


class AgreeableTuple(tuple):
    __slots__ = ()

    def __iter__(self):
        return iter((1, 2))

    def __len__(self):
        return 2

    def __eq__(self, other):
        return True

    __hash__ = None


class AgreeableText(str):
    __slots__ = ()

    def __eq__(self, other):
        return True

    def __str__(self):
        return "right"

    __hash__ = None


class AgreeableTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return torch.ones(3)


class Impostor:
    """Says that it is an array."""

    @property
    def __class__(self):
        return np.ndarray

    def __array__(self, dtype=None, copy=None):
        return np.ones(3)


class AgreeableKey(str):
    __slots__ = ()

    def __eq__(self, other):
        return True

    def __hash__(self):
        return hash("right")
