"""One certificate for everybody: how far an answer is at most above the optimum, by its own residual r = y - f.

    P = 1/(2n) |r|^2 + lambda penalty
    D = 1/n (c y.r - c^2 |r|^2 / 2),   c = min(y.r / |r|^2, n lambda / price(r))
    gap = (P - D) / P

Weak duality holds for every c with c price(r) <= n lambda; the one above is the best of them.
"""

import numpy as np
from scipy.optimize import nnls


def gap(y, lam, residual, penalty, price):
    """The certified relative gap and the objective."""
    n, square = len(y), residual @ residual
    primal = square / (2 * n) + lam * penalty
    c = max(0.0, min(y @ residual / square, n * lam / price))
    return (primal - (c * (y @ residual) - c * c * square / 2) / n) / primal, primal


def gated(instance, weights):
    """An answer of weights w_i (P x d) behind gates: f = sum_i D_i X w_i."""
    x, y, opened = instance.x, instance.y, instance.open
    residual = y - np.einsum("in,ni->n", opened, x @ weights.T)
    price = np.linalg.norm((opened * residual) @ x, axis=1).max()
    return gap(y, instance.lam, residual, np.linalg.norm(weights, axis=1).sum(), price)


def relu(instance, weights):
    """An answer of neurons: f = sum_j sign_j (X w_j)_+, `weights` being pairs (sign, w)."""
    x, y = instance.x, instance.y
    residual = y - sum(sign * np.maximum(x @ w, 0) for sign, w in weights)
    price = max(cell_price(x, opened, residual) for opened in instance.open)
    return gap(y, instance.lam, residual, sum(np.linalg.norm(w) for _, w in weights), price)


def cell_price(x, opened, residual):
    """max |g.u| over u in the cell, |u| <= 1, where g = X'D r: the distance of g, and of -g, from the polar cone."""
    slope, rows = x.T @ (opened * residual), np.where(opened[:, None], x, -x)
    return max(np.linalg.norm(sign * slope + rows.T @ nnls(rows.T, -sign * slope)[0]) for sign in (1, -1))
