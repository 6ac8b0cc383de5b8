"""The peer `numpy`: a working set of gates, and on it a semismooth Newton method for the dual augmented Lagrangian.

    min_w 1/2 |y - A w|^2 + beta sum |w_i|,  A w = sum_i D_i X w_i,  beta = n lambda
    psi(u) = 1/2 |u|^2 - y.u + 1/(2 sigma) sum |S(w_i + sigma A_i'u)|^2,  S shrinks by sigma beta
    step:  H = I + sigma sum over S != 0 of A_i M_i A_i',  M = c 1 + (1 - c) z z'/|z|^2,  c = 1 - sigma beta/|z|
    after each minimum over u:  w <- S(w + sigma A'u)
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve


def prices(x, opened, u):
    """X'D_i u, one row for each gate."""
    return (opened * u) @ x


def shrunk(z, by):
    size = np.linalg.norm(z, axis=1)
    return z * np.maximum(0, 1 - by / np.maximum(size, 1e-300))[:, None], size


def forward(x, opened, w):
    used = w.any(axis=1)
    return np.einsum("in,ni->n", opened[used], x @ w[used].T)


def certified(x, y, opened, beta, w):
    """Relative gap over these gates, the slopes of the residual, and the scaled residual as dual vector."""
    residual = y - forward(x, opened, w)
    slopes = prices(x, opened, residual)
    square, cross = residual @ residual, y @ residual
    c = max(0.0, min(cross / square, beta / np.linalg.norm(slopes, axis=1).max()))
    primal = square / 2 + beta * np.linalg.norm(w, axis=1).sum()
    return (primal - (c * cross - c * c * square / 2)) / primal, slopes, c * residual


def newton_step(x, xx, opened, z, size, by, sigma, gradient):
    """H^-1 gradient, in the rows or, where that is less, in the weights of the active groups."""
    active = size > by
    opened, z, size = opened[active].astype(float), z[active], size[active]
    c, (count, d), n = 1 - by / size, z.shape, len(gradient)
    if count == 0:
        return gradient
    if n <= count * d:
        bent = opened.T * ((x @ z.T) * np.sqrt(sigma * (1 - c)) / size)
        h = sigma * xx * ((opened.T * c) @ opened) + bent @ bent.T
        h[np.diag_indices(n)] += 1
        return cho_solve(cho_factor(h, lower=True, overwrite_a=True, check_finite=False), gradient, check_finite=False)
    root, unit = np.sqrt(c), z / size[:, None]
    parts = [root[i] * x + np.outer(x @ unit[i], (1 - root[i]) * unit[i]) for i in range(count)]
    b = np.hstack([opened[i][:, None] * part for i, part in enumerate(parts)])
    small = b.T @ b
    small[np.diag_indices(count * d)] += 1 / sigma
    factor = cho_factor(small, lower=True, overwrite_a=True, check_finite=False)
    return gradient - b @ cho_solve(factor, b.T @ gradient, check_finite=False)


def minimise(x, xx, y, opened, beta, w, u, sigma, tolerance):
    """The minimum of psi over u to |gradient| <= tolerance, and S there."""

    def at(u):
        z = w + sigma * prices(x, opened, u)
        s, size = shrunk(z, sigma * beta)
        return u @ u / 2 - y @ u + (s * s).sum() / (2 * sigma), z, s, size

    value, z, s, size = at(u)
    for _ in range(50):
        gradient = u - y + forward(x, opened, s)
        if np.linalg.norm(gradient) <= tolerance:
            break
        step = newton_step(x, xx, opened, z, size, sigma * beta, sigma, gradient)
        length, slope = 1.0, gradient @ step
        while True:
            new = at(u - length * step)
            if new[0] <= value - 1e-4 * length * slope or length < 1e-8:
                break
            length /= 2
        u, (value, z, s, size) = u - length * step, new
    return u, s


def inner(x, xx, y, opened, beta, w, u, sigma, target):
    """Multipliers and sigma until the gap over these gates is below `target`."""
    for _ in range(60):
        reached, _, _ = certified(x, y, opened, beta, w)
        if reached <= target:
            break
        accuracy = max(1e-13, min(1e-2, 0.1 * reached)) * np.linalg.norm(y)
        u, w = minimise(x, xx, y, opened, beta, w, u, sigma, accuracy)
        sigma = min(3 * sigma, 1e5)
    return w, u, sigma


def solve(x, y, opened, lam, target):
    """Weights (P x d) to a certified relative gap of `target`."""
    n, d = x.shape
    beta, xx = n * lam, x @ x.T if n <= 3000 else None
    w, u, sigma, work = np.zeros((len(opened), d)), y, 10.0, np.zeros(0, int)
    while True:
        gap, slopes, _ = certified(x, y, opened, beta, w)
        if gap <= target:
            return w
        score, active = np.linalg.norm(slopes, axis=1), w.any(axis=1)
        order = np.argsort(-np.where(active, -1, score))[: max(10, 2 * active.sum())]
        work = np.union1d(np.flatnonzero(active), order[score[order] > beta * (1 - 1e-9)])
        part, u, sigma = inner(x, xx, y, opened[work], beta, w[work], u, sigma, max(0.1 * gap, 0.3 * target))
        w = np.zeros_like(w)
        w[work] = part
        sigma = max(sigma / 9, 1.0)
