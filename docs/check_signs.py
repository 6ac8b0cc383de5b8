"""Trees of signs of a cvxc certificate (grammar/certificate.md), for check.py."""
import math

from check import demand, dot, integer, scaled


def semidefinite(matrix):
    """Whether a symmetric matrix of integers is positive semidefinite: elimination without fractions (Bareiss)."""
    last = 1
    while matrix:
        (pivot, *row), *others = matrix
        if pivot < 0 or (pivot == 0 and any(row)):
            return False
        matrix = [[(pivot * x - o[0] * y) // last if pivot else x for x, y in zip(o[1:], row)] for o in others]
        last = pivot or last
    return True


def signs(tree, unit, T, start, lines):
    """Proves G <= T |θ| by quadratic forms in (θ, 1), the signs of some lines being fixed, and says on how many leaves."""
    one = [0] * len(start) + [1]
    lines = [((*line, 0), k) for line, k in lines]
    demand(1 <= unit <= 60, "the unit of a tree of signs")

    def leaf(path):
        q, form = next(tree), [[0] * len(one) for _ in one]  # the form in units of 1 / (2 scale)
        demand(q < unit, "the point of a leaf")
        scale = 2 ** (unit - q)

        def add(u, v, factor):  # factor / scale (u·θ) (v·θ)
            form[:] = [[x + factor * (a * d + b * c) for x, b, d in zip(row, u, v)] for row, a, c in zip(form, u, v)]

        add((*start, 0), one, scale)
        for l, (line, k) in enumerate(lines):
            if k > 0 and l in dict(path):
                add(line, one, scale * k * (dict(path)[l] > 0))
            elif k > 0:
                p = scaled(tree)
                demand(p > 0, "a weight is 0")
                add(line, one, scale // 2 * k)
                add(line, line, p)
                add(one, one, scale * (scale * k * k // (16 * p) + 1))
            else:
                alpha, gamma = next(tree), next(tree)
                demand(alpha + gamma <= 2**30, "the slopes of a concave line exceed its kink")
                add(line, one, -scale * ((-k * alpha >> 30) + (-k * gamma >> 31)))
                add(line, line, -((scale * (-k * gamma >> 31) << 40) // (math.isqrt(dot(line, line) << 80) + 1)))
        for l, sign in path:
            multiplier, curved = scaled(tree), next(tree)
            w = [integer(tree) for _ in start] if curved else [0] * len(start)
            demand(curved < 2 and dot(w, w) <= multiplier**2, "the vector of a constraint is too long")
            add(lines[l][0], [-x for x in w] + [multiplier], scale * sign)
        products = next(tree)
        demand(products <= len(path) ** 2, "more products than pairs")
        for _ in range(products):
            (i, first), (j, second) = path[next(tree)], path[next(tree)]
            add(lines[i][0], lines[j][0], first * second * scaled(tree))
        mu = scaled(tree)
        room = [2 * scale * (T - mu if k else mu) for k in one]
        rest = [[room[i] * (i == j) - x for j, x in enumerate(row)] for i, row in enumerate(form)]
        demand(semidefinite(rest), "the quadratic form of a leaf is not below the limit")
        return 1

    def node(path):
        l = next(tree) - 1
        if l < 0:
            return leaf(path)
        demand(l < len(lines) and lines[l][1] > 0 and l not in dict(path) and len(path) < 256, "a split")
        return node(path + [(l, 1)]) + node(path + [(l, -1)])

    return node([])
