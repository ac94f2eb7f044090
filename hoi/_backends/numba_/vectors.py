"""Vectors of eight float64 in compiled code: loads, stores, arithmetic and comparisons on all lanes at once.

Loops over short tails leave LLVM's own vectoriser with more remainder than body. With a vector as a type of its own
there is no remainder: the kernels step by eight, on arrays that are padded, and mask what lies behind the end.
LLVM splits a vector where the processor's registers are narrower.
"""

from __future__ import annotations

import operator

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from hoi._typing import FloatArray

__all__ = ["LANES", "all_lanes", "fill", "lanes_from", "load", "padded", "pick", "store"]

LANES = 8


def padded(matrix: FloatArray) -> FloatArray:
    """A matrix with room for one more vector behind each row, so that the last one of a row may reach beyond it."""
    wide = np.zeros((len(matrix), matrix.shape[1] + LANES))
    wide[:, :-LANES] = matrix
    return wide


_VECTOR = ir.VectorType(ir.DoubleType(), LANES)
_MASK = ir.VectorType(ir.IntType(1), LANES)


class _Lanes(types.Type):
    """Eight float64."""

    def __init__(self) -> None:
        super().__init__(name="f64x8")


class _Mask(types.Type):
    """Eight truth values."""

    def __init__(self) -> None:
        super().__init__(name="i1x8")


f64x8, i1x8 = _Lanes(), _Mask()


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):  # type: ignore[no-untyped-def]
        super().__init__(dmm, fe_type, _VECTOR)


@register_model(_Mask)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):  # type: ignore[no-untyped-def]
        super().__init__(dmm, fe_type, _MASK)


def _operator(function, operand, result, build):  # type: ignore[no-untyped-def]
    """Teach numba an operator between two vectors or two masks."""

    @infer_global(function)
    class _Template(AbstractTemplate):
        def generic(self, args, kws):  # type: ignore[no-untyped-def]
            if args == (operand, operand):
                return signature(result, operand, operand)
            return None

    @lower_builtin(function, operand, operand)
    def _lower(context, builder, sig, args):  # type: ignore[no-untyped-def]
        return build(builder, *args)


# contract: a product and a sum may become one operation
_FLAGS = ("contract", "nsz", "arcp")
for _function, _name in (
    (operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul"), (operator.truediv, "fdiv"),
):
    _operator(_function, f64x8, f64x8, lambda builder, a, b, name=_name: getattr(builder, name)(a, b, flags=_FLAGS))
for _function, _name in ((operator.gt, ">"), (operator.lt, "<"), (operator.ge, ">=")):
    _operator(_function, f64x8, i1x8, lambda builder, a, b, name=_name: builder.fcmp_ordered(name, a, b))
_operator(operator.and_, i1x8, i1x8, lambda builder, a, b: builder.and_(a, b))
_operator(operator.or_, i1x8, i1x8, lambda builder, a, b: builder.or_(a, b))


def _spread(builder, scalar, kind):  # type: ignore[no-untyped-def]
    """A scalar in all lanes."""
    lanes = builder.insert_element(ir.Constant(kind, ir.Undefined), scalar, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(lanes, ir.Constant(kind, ir.Undefined), zeros)


@intrinsic
def fill(typingctx, value):  # type: ignore[no-untyped-def]
    """A number in all lanes."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        return _spread(builder, args[0], _VECTOR)

    return f64x8(types.float64), build


def _pointer(context, builder, sig, args):  # type: ignore[no-untyped-def]
    """Where the eight numbers begin that an index of a C-ordered array names."""
    array = context.make_array(sig.args[0])(context, builder, args[0])
    places = cgutils.unpack_tuple(builder, args[1])
    item = cgutils.get_item_pointer(context, builder, sig.args[0], array, places, wraparound=False)
    return builder.bitcast(item, _VECTOR.as_pointer())


@intrinsic
def load(typingctx, array, index):  # type: ignore[no-untyped-def]
    """Eight numbers of an array from a place on, given as a tuple; neither checked nor wrapped around."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        return builder.load(_pointer(context, builder, sig, args), align=8)

    return f64x8(array, index), build


@intrinsic
def store(typingctx, array, index, value):  # type: ignore[no-untyped-def]
    """Write eight numbers to an array from a place on."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        builder.store(args[2], _pointer(context, builder, sig, args), align=8)
        return context.get_dummy_value()

    return types.none(array, index, f64x8), build


@intrinsic
def pick(typingctx, mask, yes, no):  # type: ignore[no-untyped-def]
    """`yes` where the mask is true, `no` elsewhere."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        return builder.select(*args)

    return f64x8(i1x8, f64x8, f64x8), build


@intrinsic
def lanes_from(typingctx, count):  # type: ignore[no-untyped-def]
    """True in the lanes from `count` on."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        numbers = ir.VectorType(ir.IntType(64), LANES)
        return builder.icmp_signed(">=", ir.Constant(numbers, list(range(LANES))), _spread(builder, args[0], numbers))

    return i1x8(types.int64), build


@intrinsic
def all_lanes(typingctx, mask):  # type: ignore[no-untyped-def]
    """Whether the mask is true in all lanes."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        bits = builder.bitcast(args[0], ir.IntType(LANES))
        return builder.icmp_unsigned("==", bits, ir.IntType(LANES)(2**LANES - 1))

    return types.boolean(i1x8), build
