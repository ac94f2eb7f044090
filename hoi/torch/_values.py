"""Values of sets by Cholesky factors, normal scores of soft ranks, and what is checked before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hoi._errors import BackendUnavailableError, HoiError
from hoi._inputs import checks
from hoi._inputs.roles import check_parts
from hoi._maths.bias import entropy_bias
from hoi._maths.terms import SINGULAR, correction
from hoi._measures.registry import ALL

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["measure_of"]


def measure_of(
    name: str, X: Any, multiplets: Any, estimator: str, temperature: float, bias_correction: bool, target: Any = None
) -> Tensor:
    """One measure of the registry: check, covariance, terms of the sets of each order, bias."""
    torch = _torch()
    checks.check_choice(estimator, ("gaussian_copula", "gaussian"), "estimator")
    corrected = checks.check_bool(bias_correction, "bias_correction")
    _check(X)
    n_samples, n_variables = X.shape[-2:]
    sets, aim = _sets_and_target(multiplets, target, [str(i) for i in range(n_variables)])
    widest = max(sets, key=len)
    checks.check_samples(n_samples, len(widest) + len(aim), f"the set {widest}" + " with the target" * bool(aim))
    used, place = np.unique(np.concatenate([np.asarray(s, dtype=np.intp) for s in sets]), return_inverse=True)
    columns = X[..., torch.as_tensor([*used.tolist(), *aim], device=X.device)]
    if estimator == "gaussian_copula":
        columns = _soft_scores(columns, _check_temperature(temperature))
    R = _correlation(columns)
    bias = np.zeros(len(widest) + len(aim) + 1)
    if corrected:
        bias = np.asarray(entropy_bias(np.arange(len(bias)), n_samples))
    # the sum of these, of which the second has the logarithms of the variances that a target leaves
    parts: list[tuple[float, Tensor, Tensor | None, Any]] = [(1.0, R[..., : len(used), : len(used)], None, bias)]
    if aim:
        parts.append((-1.0, *_given(R, used, aim), bias[len(aim) :] - bias[len(aim)]))
    orders = np.array([len(s) for s in sets])
    values: list[Any] = []
    starts = np.cumsum(orders) - orders
    for order in np.unique(orders).tolist():
        rows = np.flatnonzero(orders == order)
        members = torch.as_tensor(np.sort(place[starts[rows, None] + np.arange(order)], axis=1), device=X.device)
        value: Any = 0.0
        for weight, matrix, scale, constants in parts:
            J, L = _terms(matrix, members, [sets[row] for row in rows.tolist()])
            own = 0.0 if scale is None else scale[..., members].sum(-1)
            d, j, l = (float(part[0]) for part in correction(np.ones((1, order), dtype=np.intp), constants))  # noqa: E741
            value = value + weight * ALL[name].value(own + d, J + own + j, L - own + l)
        values.append(value)
    found: Tensor = torch.cat(values, dim=-1)
    if len(values) > 1:  # they go by orders
        found = found[..., np.argsort(np.argsort(orders, kind="stable"))]
    return found[..., 0] if multiplets is None else found


def _sets_and_target(multiplets: Any, target: Any, names: list[str]) -> tuple[list[tuple[int, ...]], tuple[int, ...]]:
    """Sets and target as indices of columns, of which none is both."""
    aim = check_parts(None, target, names, None)[1]
    if multiplets is None:
        return [tuple(i for i in range(len(names)) if i not in aim)], aim
    sets = checks.check_multiplets(multiplets, names)
    for members in sets:
        if shared := sorted(set(members) & set(aim)):
            raise HoiError(
                f"the set {members} holds column {shared[0]}, which is in the target. A column has one part: take it "
                "out of the set or of `target`."
            )
    return sets, aim


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise BackendUnavailableError(
            f"hoi.torch needs PyTorch, which cannot be imported ({error}). Install it by pip install 'hoi[torch]'."
        ) from error
    return torch


def _check(X: Any) -> None:
    """Error unless X is a tensor of real floating numbers that the measures can take."""
    torch = _torch()
    if not isinstance(X, torch.Tensor):
        raise HoiError(
            f"X is a {type(X).__name__}: hoi.torch takes tensors. Use torch.as_tensor(X), or the function of the same "
            "name in hoi, which takes tables of any kind and has no gradient."
        )
    if X.dtype not in (torch.float32, torch.float64):
        raise HoiError(
            f"X has dtype {X.dtype}: float32 or float64 is needed, in which matrices can be factored. Use X.double()."
        )
    sound = X.ndim in (2, 3) and X.numel() > 0 and X.shape[-2] >= 3 and not X.is_sparse
    with torch.no_grad():
        sound = sound and bool(torch.isfinite(X).all()) and not bool((X[..., :1, :] == X).all(dim=-2).any())
    if not sound:
        checks.check_data(X.detach())  # says what is wrong


def _check_temperature(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise HoiError(
            f"temperature={value!r}: a positive number is needed, the softness of ranks in standard deviations of a "
            "column. For hard ranks, which have no gradient, use the function of the same name in hoi."
        )
    return float(value)


def _soft_scores(X: Tensor, temperature: float) -> Tensor:
    """Normal scores of the soft ranks of each column, in shape of X."""
    torch = _torch()
    from torch.utils.checkpoint import checkpoint

    n_samples = X.shape[-2]

    def scores(x: Tensor) -> Tensor:
        # each sample is compared with itself too, which gives the half that a rank from 1 on lacks
        rank = 0.5 + torch.sigmoid((x[..., :, None] - x[..., None, :]) / temperature).sum(-1)
        return torch.special.ndtri(rank / (n_samples + 1))

    scaled = X / X.std(dim=-2, keepdim=True)
    run: Callable[[Tensor], Tensor] = scores
    if torch.is_grad_enabled() and X.requires_grad:
        run = lambda x: checkpoint(scores, x, use_reentrant=False, preserve_rng_state=False)  # noqa: E731
    return torch.stack([run(x) for x in scaled.unbind(-1)], dim=-1)


def _correlation(X: Tensor) -> Tensor:
    """Correlation matrices (..., n_variables, n_variables)."""
    torch = _torch()
    centred = X - X.mean(dim=-2, keepdim=True)
    unit = centred / torch.linalg.vector_norm(centred, dim=-2, keepdim=True)
    return unit.mT @ unit


def _given(R: Tensor, used: Any, target: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Correlations of the first columns given the target, which follows them, and logarithms of what is left of their
    variances."""
    torch = _torch()
    m = len(used)
    factor, failed = torch.linalg.cholesky_ex(R[..., m:, m:])
    least = _least(R)
    pivots = factor.diagonal(dim1=-2, dim2=-1).detach().square()
    if bool((failed > 0).any()) or not bool((pivots > least).all()):
        raise HoiError(
            f"the target {target} is numerically singular in {R.dtype}: some of its columns are determined by the "
            "others. Leave the redundant ones out."
        )
    explained = torch.linalg.solve_triangular(factor, R[..., m:, :m], upper=False)
    left = R[..., :m, :m] - explained.mT @ explained
    variances = left.diagonal(dim1=-2, dim2=-1)
    determined = ~(variances.detach() > least).reshape(-1, m).all(0)
    if bool(determined.any()):
        raise HoiError(
            f"column {int(used[int(determined.to(torch.int64).argmax())])}: determined by the target {target}, so that "
            "nothing is left of it. Leave it out."
        )
    scale = variances.sqrt()
    return left / (scale[..., :, None] * scale[..., None, :]), variances.log()


def _least(R: Tensor) -> float:
    """Share of a variance from which on it counts as lost."""
    return float(max(SINGULAR, 16 * _torch().finfo(R.dtype).eps))


def _terms(R: Tensor, members: Tensor, named: Sequence[tuple[int, ...]]) -> tuple[Tensor, Tensor]:
    """(J, L), each (..., m), of the sets in the rows of `members` (m, k), by Cholesky factors."""
    torch = _torch()
    A = R[..., members[:, :, None], members[:, None, :]]
    factor, failed = torch.linalg.cholesky_ex(A)
    pivots = factor.diagonal(dim1=-2, dim2=-1)
    singular = (failed > 0) | ~(pivots.detach().square() > _least(R)).all(-1)
    if bool(singular.any()):
        at = int(singular.reshape(-1, len(named)).any(0).to(torch.int64).argmax())
        raise HoiError(
            f"the covariance of the set {named[at]} is numerically singular in {R.dtype}: a variable in it is "
            "determined by the others, and its measures are infinite. Leave out duplicated or dependent columns"
            f"{', or use X.double()' if R.dtype == torch.float32 else ''}."
        )
    inverse = torch.linalg.solve_triangular(factor, torch.eye(A.shape[-1], dtype=R.dtype, device=R.device), upper=False)
    return 2 * pivots.log().sum(-1), inverse.square().sum(-2).log().sum(-1)
