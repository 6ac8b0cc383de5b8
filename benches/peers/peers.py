"""The peers from PyPI on the gated rows: each yields its answers with its own tolerance ever tighter.

What comes before a solve is not timed: the matrix [D_1 X .. D_P X], in Fortran order, and the compilation by numba.
"""

import time
import warnings

import numpy as np

# The most that the matrix may take.
DENSE = 2e9


def timed(work):
    """CPU seconds of this process, and what came out."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def dense(instance):
    count, (n, d) = instance.vectors.shape[1], instance.x.shape
    if 8 * n * d * count > DENSE:
        raise MemoryError(f"its matrix would take {8 * n * d * count / 1e9:.1f} GB")
    return np.asfortranarray(np.hstack([opened[:, None] * instance.x for opened in instance.open]))


def numpy(instance):
    import working_set

    for tolerance in (1e-6, 1e-7):
        run = lambda: working_set.solve(instance.x, instance.y, instance.open, instance.lam, tolerance)
        yield f"gap {tolerance:.0e}", run


def celer(instance):
    from celer import GroupLasso

    a, d = dense(instance), instance.x.shape[1]
    for tolerance in (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12):
        model = GroupLasso(groups=d, alpha=instance.lam, tol=tolerance, fit_intercept=False, max_iter=1000)
        yield f"tol {tolerance:.0e}", lambda: model.fit(a, instance.y).coef_.reshape(-1, d)


def skglm(instance):
    from skglm import GroupLasso

    a, d = dense(instance), instance.x.shape[1]

    def fit(a, tolerance):
        weights = np.ones(a.shape[1] // d)
        model = GroupLasso(groups=d, alpha=instance.lam, weights=weights, tol=tolerance, fit_intercept=False, max_iter=1000)
        return model.fit(a, instance.y).coef_.reshape(-1, d)

    fit(np.asfortranarray(a[:, : 2 * d]), 1e-3)
    for tolerance in (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12):
        yield f"tol {tolerance:.0e}", lambda: fit(a, tolerance)


def adelie(instance):
    import adelie

    a, (n, d), count = dense(instance), instance.x.shape, instance.vectors.shape[1]
    largest = np.linalg.norm((instance.open * instance.y) @ instance.x, axis=1).max() / n

    def fit(points, tolerance):
        path = np.geomspace(largest, instance.lam, points)[-points:] if points > 1 else [instance.lam]
        state = adelie.grpnet(
            adelie.matrix.dense(a, method="naive", n_threads=1),
            adelie.glm.gaussian(instance.y),
            groups=np.arange(0, count * d, d),
            penalty=np.ones(count),
            lmda_path=path,
            intercept=False,
            early_exit=False,
            tol=tolerance,
            max_iters=10**7,
            progress_bar=False,
        )
        return state.betas[-1].toarray().reshape(count, d)

    for tolerance in (1e-12, 1e-13, 1e-14, 1e-15, 1e-16, 1e-17, 1e-18, 1e-20):
        for points in (1, 5):
            yield f"tol {tolerance:.0e}, {points} points", lambda: fit(points, tolerance)


def scnn(instance):
    from scnn.activations import compute_activation_patterns
    from scnn.metrics import Metrics
    from scnn.models import ConvexGatedReLU
    from scnn.optimize import optimize_model
    from scnn.regularizers import NeuronGL1
    from scnn.solvers import RFISTA

    vectors, d = instance.vectors, instance.x.shape[1]
    # It sorts the gates by their patterns.
    _, used = compute_activation_patterns(instance.x, vectors)
    order = [int(np.flatnonzero((vectors.T == gate).all(axis=1))[0]) for gate in used.T]

    def fit(tolerance):
        model = ConvexGatedReLU(vectors)
        answer, _ = optimize_model(
            model,
            RFISTA(model, max_iters=10**6, tol=tolerance),
            Metrics(metric_freq=10**9),
            instance.x,
            instance.y[:, None],
            regularizer=NeuronGL1(instance.lam),
            return_convex=True,
            unitize_data=False,
            dtype="float64",
        )
        weights = np.zeros((vectors.shape[1], d))
        weights[order] = np.asarray(answer.parameters[0]).reshape(-1, d)
        return weights

    for tolerance in (1e-10, 1e-12, 1e-14, 1e-15, 1e-16, 1e-17, 1e-18, 1e-19, 1e-20):
        yield f"tol {tolerance:.0e}", lambda: fit(tolerance)


def cvxpy(instance):
    """The textbook program over the cells of the given vectors: every row of every cone."""
    import cvxpy as cp

    (n, d), opened = instance.x.shape, instance.open.T.astype(float)
    count = opened.shape[1]

    def fit(tolerance):
        u, v = cp.Variable((d, count)), cp.Variable((d, count))
        f = cp.sum(cp.multiply(opened, instance.x @ (u - v)), axis=1)
        penalty = cp.sum(cp.norm(u, axis=0)) + cp.sum(cp.norm(v, axis=0))
        cones = [cp.multiply(2 * opened - 1, instance.x @ w) >= 0 for w in (u, v)]
        problem = cp.Problem(cp.Minimize(cp.sum_squares(f - instance.y) / (2 * n) + instance.lam * penalty), cones)
        problem.solve(solver=cp.CLARABEL, tol_gap_abs=tolerance, tol_gap_rel=tolerance, tol_feas=tolerance, max_threads=1)
        return [(1, w) for w in u.value.T] + [(-1, w) for w in v.value.T]

    for tolerance in (1e-7, 1e-8, 1e-9):
        yield f"tol {tolerance:.0e}", lambda: fit(tolerance)


PEERS = {"numpy": numpy, "celer": celer, "skglm": skglm, "adelie": adelie, "scnn": scnn}


def ladder(instance, peer, target, score):
    """Runs of a peer until one reaches the target: (label, seconds, gap, objective)."""
    warnings.filterwarnings("ignore")
    solve = cvxpy if instance.kind != "gated" else PEERS[peer]
    for label, run in solve(instance):
        seconds, answer = timed(run)
        gap, objective = score(instance, answer)
        if gap <= target and seconds < 3:
            seconds = min(seconds, *(timed(run)[0] for _ in range(2)))
        yield label, seconds, gap, objective
        if gap <= target:
            return
