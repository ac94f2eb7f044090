"""Vectors of eight 64-bit words in compiled code: one word of samples for each of eight variables."""

from __future__ import annotations

import operator

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from hoi._backends.numba_.vectors import LANES, f64x8

__all__ = ["fill_word", "load_words", "look_up", "no_words", "ones", "ones_in", "store_words", "total"]

_WORDS = ir.VectorType(ir.IntType(64), LANES)
_FLOATS = ir.VectorType(ir.DoubleType(), LANES)


class _Words(types.Type):
    """Eight uint64."""

    def __init__(self) -> None:
        super().__init__(name="u64x8")


u64x8 = _Words()


@register_model(_Words)
class _WordsModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):  # type: ignore[no-untyped-def]
        super().__init__(dmm, fe_type, _WORDS)


def _operator(function, name):  # type: ignore[no-untyped-def]
    """Teach numba an operator between two vectors of words."""

    @infer_global(function)
    class _Template(AbstractTemplate):
        def generic(self, args, kws):  # type: ignore[no-untyped-def]
            return signature(u64x8, u64x8, u64x8) if args == (u64x8, u64x8) else None

    @lower_builtin(function, u64x8, u64x8)
    def _lower(context, builder, sig, args):  # type: ignore[no-untyped-def]
        return getattr(builder, name)(*args)


for _function, _name in ((operator.and_, "and_"), (operator.add, "add"), (operator.sub, "sub")):
    _operator(_function, _name)


@intrinsic
def fill_word(typingctx, value):  # type: ignore[no-untyped-def]
    """A word in all lanes."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        lanes = builder.insert_element(ir.Constant(_WORDS, ir.Undefined), args[0], ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return builder.shuffle_vector(lanes, ir.Constant(_WORDS, ir.Undefined), zeros)

    return u64x8(types.uint64), build


@intrinsic
def no_words(typingctx):  # type: ignore[no-untyped-def]
    """Zero in all lanes."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        return ir.Constant(_WORDS, [0] * LANES)

    return u64x8(), build


@intrinsic
def load_words(typingctx, array, index):  # type: ignore[no-untyped-def]
    """Eight words of a C-ordered array from a place on, given as a tuple; neither checked nor wrapped around."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        made = context.make_array(sig.args[0])(context, builder, args[0])
        places = cgutils.unpack_tuple(builder, args[1])
        item = cgutils.get_item_pointer(context, builder, sig.args[0], made, places, wraparound=False)
        return builder.load(builder.bitcast(item, _WORDS.as_pointer()), align=8)

    return u64x8(array, index), build


@intrinsic
def store_words(typingctx, array, index, words):  # type: ignore[no-untyped-def]
    """Write eight words to a C-ordered array from a place on, given as a tuple; neither checked nor wrapped around."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        made = context.make_array(sig.args[0])(context, builder, args[0])
        places = cgutils.unpack_tuple(builder, args[1])
        item = cgutils.get_item_pointer(context, builder, sig.args[0], made, places, wraparound=False)
        builder.store(args[2], builder.bitcast(item, _WORDS.as_pointer()), align=8)
        return context.get_dummy_value()

    return types.none(array, index, u64x8), build


@intrinsic
def total(typingctx, words):  # type: ignore[no-untyped-def]
    """The sum over all lanes."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        kind = ir.FunctionType(ir.IntType(64), [_WORDS])
        add = cgutils.get_or_insert_function(builder.module, kind, f"llvm.vector.reduce.add.v{LANES}i64")
        return builder.call(add, [args[0]])

    return types.int64(u64x8), build


@intrinsic
def ones_in(typingctx, words):  # type: ignore[no-untyped-def]
    """The number of bits that are set, lane by lane."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        kind = ir.FunctionType(_WORDS, [_WORDS])
        count = cgutils.get_or_insert_function(builder.module, kind, f"llvm.ctpop.v{LANES}i64")
        return builder.call(count, [args[0]])

    return u64x8(u64x8), build


@intrinsic
def ones(typingctx, word):  # type: ignore[no-untyped-def]
    """The number of bits that are set in one word."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        return builder.ctpop(args[0])

    return types.int64(types.uint64), build


@intrinsic
def look_up(typingctx, table, places):  # type: ignore[no-untyped-def]
    """The entries of a one-dimensional table of float64 at eight places."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        made = context.make_array(sig.args[0])(context, builder, args[0])
        found = ir.Constant(_FLOATS, ir.Undefined)
        for lane in range(LANES):
            place = builder.extract_element(args[1], ir.IntType(32)(lane))
            item = cgutils.get_item_pointer(context, builder, sig.args[0], made, [place], wraparound=False)
            found = builder.insert_element(found, builder.load(item), ir.IntType(32)(lane))
        return found

    return f64x8(table, u64x8), build
