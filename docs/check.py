#!/usr/bin/env python3
"""Check a cvxc certificate in exact arithmetic: an independent reading of grammar/certificate.md.

usage: check.py CERTIFICATE DATA.csv [GATES.npy]    plain training rows with a header, inputs first and the target last, no preparation
Covers relu, |z| and gates from a file; squared, absolute, epsilon_insensitive, hinge (and their mean); weight decay.  Prints the interval, or exits with 1.
"""
import ast, base64, csv, json, math, struct, sys
from fractions import Fraction as F


class Refused(Exception):
    pass


def demand(holds, what):
    if not holds:
        raise Refused(what)


def floor_div(x):
    return x.numerator // x.denominator


class Stream:
    def __init__(self, text):
        self.bytes, self.at = base64.b64decode(text, validate=True), 0
        demand(base64.b64encode(self.bytes).decode() == text, "the tree is not base64")

    def natural(self):
        value = shift = 0
        while True:
            demand(self.at < len(self.bytes), "the tree ends too early")
            byte, self.at = self.bytes[self.at], self.at + 1
            value |= (byte & 127) << shift
            shift += 7
            demand(shift <= 133 and value < 2**128, "a number is too wide")
            if byte < 128:
                return value

    def integer(self):
        folded = self.natural()
        return folded >> 1 if folded % 2 == 0 else -(folded >> 1) - 1

    def scaled(self):
        mantissa, shift = self.natural(), self.natural()
        demand(shift < 127 and mantissa << shift < 2**127, "a number is too wide")
        return mantissa << shift


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def on_grid(cert, rows, p, q, nb):
    """The rows on their grid or basis, and T."""
    dual, d = cert["dual"], len(rows[0])
    largest = max(abs(x) for row in rows for x in row)
    g = 40 - math.frexp(largest)[1] if largest else 0
    half_away = lambda x: int(math.copysign(math.floor(abs(x) + F(1, 2)), x))
    exact = [[F(x) * F(2) ** g for x in row] for row in rows]
    grid = [[half_away(x) for x in row] for row in exact]
    errors = [0 if x == y else 2**43 * (math.isqrt(d) + 1) for x, y in zip(exact, grid)]
    norm = F(1)
    if cert.get("basis"):
        basis = cert["basis"]
        demand(len(basis) <= d and all(len(b) == d and all(abs(x) < 2**45 for x in b) for b in basis), "basis")
        for i, x in enumerate(grid):
            z = [(dot(b, x) + 2**43) >> 44 for b in basis]
            rest = [(x[k] << 44) - sum(b[k] * v for b, v in zip(basis, z)) for k in range(d)]
            errors[i] += math.isqrt(dot(rest, rest)) + 1
            grid[i] = z
        off = sum(abs(dot(a, b) - (2**88 if a is b else 0)) for a in basis for b in basis)
        norm += F(off, 2**88)
    m = dual["mantissas"]
    demand(len(m) == len(rows) and all(abs(x) < 2**38 for x in m), "dual vector")
    whole = F(2) ** (g + dual["exponent"]) * nb / F(cert["scale"])
    error = max(abs(p), abs(q)) * F(sum(abs(a) * b for a, b in zip(m, errors)), 2**44)
    limit = floor_div((whole - error) / norm)
    demand(0 < limit < 2**100, "no room for a proof")
    return grid, limit


def claim(cert, rows, p, q, nb, sign):
    """Lines, kinks, G_0 and T."""
    grid, limit = on_grid(cert, rows, p, q, nb)
    m = cert["dual"]["mantissas"]
    lines, kinks, start = [], {}, [0] * len(grid[0])
    for row, mi in zip(grid, m):
        divisor = math.gcd(*row)
        if divisor == 0:
            continue
        first = next(x for x in row if x)
        factor = divisor if first > 0 else -divisor
        line, c = tuple(x // factor for x in row), -sign * mi
        start = [a + (-q if factor > 0 else p) * c * x for a, x in zip(start, row)]
        if line not in kinks:
            lines.append(line)
        kinks[line] = kinks.get(line, 0) + (p + q) * c * divisor
    return [(line, kinks[line]) for line in lines if kinks[line]], start, limit


def cones(stream, unit, lines, start, limit):
    r = len(start)
    small = lambda v: demand(all(abs(x) < 2**61 for x in v), "a number is too wide")
    demand(1 <= r <= 16 and 0 <= unit <= 90, "the rank or the unit")
    for line, _ in lines:
        small(line)

    def node(generators, live, slope, depth):
        values = [(line, k, [dot(line, g) for g in generators]) for line, k in live]
        for line, k, at in values:
            if any(v > 0 for v in at) and not any(v < 0 for v in at):
                slope = [s + k * x for s, x in zip(slope, line)]
        values = [(line, k, at) for line, k, at in values if any(v > 0 for v in at) and any(v < 0 for v in at)]
        tag = stream.natural()
        if tag > 30:
            a, b = divmod(tag - 31, r)
            m, n = stream.natural(), stream.natural()
            demand(a < r and a != b and m > 0 and n > 0 and depth < 256, "a split")
            new = [m * x + n * y for x, y in zip(generators[a], generators[b])]
            common = math.gcd(*new)
            new = [x // (common & -common) for x in new]
            small(new)
            live = [(line, k) for line, k, _ in values]
            return sum(node([new if i == gone else g for i, g in enumerate(generators)], live, slope, depth + 1) for gone in (a, b))
        c = [stream.integer() for _ in range(r)]
        small(c)
        demand(dot(c, c) << 2 * tag <= (limit >> unit) ** 2, "a leaf's vector is too long")
        concave = [line for line, k, _ in values if k < 0]
        given, at = {}, -1
        for _ in range(stream.natural()):
            at += 1 + stream.natural()
            given[concave[at]] = stream.natural()
            demand(given[concave[at]] <= 2 ** (30 - tag), "a slope")
        heights = [dot(slope, g) for g in generators]
        for line, k, at in values:
            if k > 0:
                heights = [h + k * max(v, 0) for h, v in zip(heights, at)]
                continue
            sigma = -(-k * given[line] >> 30 - tag) if line in given else k if dot(line, c) > 0 else 0
            heights = [h + sigma * v for h, v in zip(heights, at)]
        demand(all(dot(c, g) << unit + tag >= h for g, h in zip(generators, heights)), "a leaf does not reach a generator")
        return 1

    axis = lambda k, bits: [(-1 if bits >> k & 1 else 1) if j == k else 0 for j in range(r)]
    return sum(node([axis(k, bits) for k in range(r)], lines, start, 0) for bits in range(2**r))


def read_gates(path):
    """The columns of an npy array of doubles."""
    with open(path, "rb") as file:
        demand(file.read(6) == b"\x93NUMPY", "the gates are no npy file")
        major = file.read(2)[0]
        header = ast.literal_eval(file.read(struct.unpack("<H", file.read(2))[0] if major == 1 else struct.unpack("<I", file.read(4))[0]).decode())
        height, width = header["shape"]
        demand(header["descr"] == "<f8", "the gates are no doubles")
        values = struct.unpack(f"<{height * width}d", file.read())
    at = (lambda i, j: i + j * height) if header["fortran_order"] else (lambda i, j: i * width + j)
    return [[values[at(i, j)] for i in range(height)] for j in range(width)]


def passing(gate, rows):
    """Whether each row lets x.g >= 0, without rounding."""
    exact = [F(g) for g in gate]
    return [dot([F(x) for x in row], exact) >= 0 for row in rows]


def prices(cert, rows, gates, nb):
    """Every gate's price against T; how many gates there are."""
    demand(all(proof == {"kind": "gates", "unit": 0, "tree": ""} for proof in cert["proofs"]) and not cert.get("basis"), "the proofs")
    grid, limit = on_grid(cert, rows, 1, 0, nb)
    for gate in gates:
        sums = [0] * len(grid[0])
        for row, m, passes in zip(grid, cert["dual"]["mantissas"], passing(gate, rows)):
            if passes:
                sums = [s + m * x for s, x in zip(sums, row)]
        demand(dot(sums, sums) <= limit**2, "the price of a gate is above the limit")
    return len(gates)


def definite(matrix):
    """Whether a symmetric matrix of rationals is positive semidefinite, by elimination."""
    matrix = [[F(x) for x in row] for row in matrix]
    for k in range(len(matrix)):
        pivot = matrix[k][k]
        if pivot < 0 or (pivot == 0 and any(matrix[k][k:])):
            return False
        for i in range(k + 1, len(matrix)):
            if matrix[i][k]:
                factor = matrix[i][k] / pivot
                matrix[i] = [x - factor * y for x, y in zip(matrix[i], matrix[k])]
    return True


def signs(stream, point, lines, start, limit):
    r = len(start)
    demand(1 <= point <= 60, "the unit")

    def leaf(path):
        coarser = stream.natural()
        demand(coarser < point, "a point")
        unit = 2 ** (point - coarser)
        a, b, constant = [[F(0)] * r for _ in range(r)], [F(x) for x in start], 0

        def square(u, v, weight):
            for i in range(r):
                for j in range(r):
                    a[i][j] += weight * (u[i] * v[j] + v[i] * u[j]) / 2

        def linear(u, weight):
            b[:] = [x + weight * y for x, y in zip(b, u)]

        fixed = dict(path)
        for at, (line, k) in enumerate(lines):
            if at in fixed:
                linear(line, k if fixed[at] > 0 else 0)
            elif k > 0:
                p = stream.scaled()
                demand(p > 0, "a weight")
                linear(line, F(k, 2))
                square(line, line, F(p, unit))
                constant += unit * k * k // (16 * p) + 1
            else:
                alpha, gamma = stream.natural(), stream.natural()
                demand(alpha + gamma <= 2**30, "slopes")
                eta, h = -k * alpha >> 30, -k * gamma >> 31
                linear(line, -(eta + h))
                square(line, line, -F((unit * h << 40) // (math.isqrt(dot(line, line) << 80) + 1), unit))
        for at, sign in path:
            multiplier = stream.scaled()
            linear(lines[at][0], multiplier * sign)
            ball = stream.natural()
            demand(ball < 2, "a constraint")
            if ball:
                w = [stream.integer() for _ in range(r)]
                demand(dot(w, w) <= multiplier**2, "a constraint")
                square(lines[at][0], w, F(-sign))
        products = stream.natural()
        demand(products <= len(path) ** 2, "products")
        for _ in range(products):
            (j, sj), (l, sl) = path[stream.natural()], path[stream.natural()]
            square(lines[j][0], lines[l][0], F(sj * sl * stream.scaled(), unit))
        mu = stream.scaled()
        s = limit - constant - mu
        matrix = [[(mu if i == j else 0) - a[i][j] for j in range(r)] + [-b[i] / 2] for i in range(r)]
        demand(s >= 0 and definite(matrix + [[-x / 2 for x in b] + [F(s)]]), "a leaf's quadratic")
        return 1

    def node(path):
        tag = stream.natural()
        if not tag:
            return leaf(path)
        demand(tag <= len(lines) and lines[tag - 1][1] > 0 and tag - 1 not in dict(path) and len(path) < 256, "a split")
        return node(path + [(tag - 1, 1)]) + node(path + [(tag - 1, -1)])

    return node([])


LOSSES = {  # value, conjugate
    "squared": (lambda f, y, _: (f - y) ** 2 / 2, lambda v, y, _: v * v / 2 + v * y),
    "absolute": (lambda f, y, _: abs(f - y), lambda v, y, _: v * y if abs(v) <= 1 else None),
    "epsilon_insensitive": (
        lambda f, y, e: max(F(0), abs(f - y) - e),
        lambda v, y, e: v * y + e * abs(v) if abs(v) <= 1 else None,
    ),
    "hinge": (lambda f, y, _: max(F(0), 1 - y * f), lambda v, y, _: y * v if -1 <= y * v <= 0 else None),
}


FIELDS = {
    "": "format version statement network dual scale basis pivots proofs",
    "statement": "model overrides network objective data",
    "network": "hidden output skip gates",
    "dual": "exponent mantissas",
}


def check(cert, table, gates):
    for name, fields in FIELDS.items():
        demand(set(cert[name] if name else cert) <= set(fields.split()), "an unknown field")
    demand(len(cert["proofs"]) == 2 and all(set(proof) == {"kind", "unit", "tree"} for proof in cert["proofs"]), "the proofs")
    demand(cert["format"] == "cvxc certificate" and cert["version"] == 1, "format")
    loss, strength = cert["statement"]["objective"].split(" + ")
    beta, penalty = strength.split(" * ")
    demand(penalty == "weight_decay", f"the penalty {penalty} is not covered here, only weight_decay")
    beta = F(beta)
    mean = loss.startswith("mean(")
    name, _, parameter = (loss[5:-1] if mean else loss).partition("(")
    demand(name in LOSSES, f"the loss {name} is not covered here, only {', '.join(LOSSES)}")
    value, conjugate = LOSSES[name]
    given = F(parameter.removesuffix(")") or 0)
    words = cert["statement"]["network"].split(" -> ")
    gated = words[1].startswith("gated_relu(")
    demand(gated == bool(gates) and gated == ("gates" in cert["network"]), "a gated network needs its GATES.npy, and no other has gates")
    p, q = (1, -1) if gated else {"relu": (1, 0), "abs": (1, 1)}[words[1]]
    rows = [row[:-1] + ([1.0] if words[0] == "dense(bias)" else []) for row in table]
    targets = [F(row[-1]) for row in table]
    count = len(rows) if mean else 1
    demand(not cert["network"].get("skip") and not cert.get("pivots"), "skips are not covered here")
    network = list(zip(cert["network"]["hidden"], cert["network"]["output"]))
    network = [([F(x) for x in w], F(a)) for w, a in network]
    phi = lambda z: p * z if z > 0 else -q * z
    used = cert["network"].get("gates", [])
    demand(not gated or (len(used) == len(network) and all(gate in gates for gate in used)), "a neuron's gate is none of the model's")
    passes = [passing(gate, rows) for gate in used] if gated else [[True] * len(rows)] * len(network)
    behind = lambda i, x: sum(a * phi(dot(w, x)) for (w, a), open_rows in zip(network, passes) if open_rows[i])
    outputs = [behind(i, [F(x) for x in row]) for i, row in enumerate(rows)]
    upper = sum(value(f, y, given) for f, y in zip(outputs, targets)) / count + beta * sum(dot(w, w) + a * a for w, a in network) / 2
    u = [F(cert["scale"]) * m / F(2) ** cert["dual"]["exponent"] for m in cert["dual"]["mantissas"]]
    terms = [conjugate(v, y, given) for v, y in zip(u, targets)]
    demand(None not in terms, "the dual vector leaves its domain")
    leaves = prices(cert, rows, gates, count * beta) if gated else 0
    for sign, proof in [] if gated else zip((1, -1), cert["proofs"]):
        lines, start, limit = claim(cert, rows, p, q, count * beta, sign)
        stream = Stream(proof["tree"])
        prove = {"cones": cones, "signs": signs}[proof["kind"]]
        leaves += prove(stream, proof["unit"], lines, start, limit)
        demand(stream.at == len(stream.bytes), "the tree goes on")
    demand(-sum(terms) / count <= upper, "the bounds cross")
    return max(-sum(terms) / count, F(0)), upper, leaves


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    with open(sys.argv[1]) as file, open(sys.argv[2]) as data:
        cert, table = json.load(file), [[float(x) for x in row] for row in list(csv.reader(data))[1:]]
    try:
        lower, upper, leaves = check(cert, table, read_gates(sys.argv[3]) if len(sys.argv) > 3 else [])
    except (Refused, KeyError, IndexError, ValueError, TypeError, ArithmeticError) as reason:
        sys.exit(f"REFUSED: {reason!r}")
    print(f"CERTIFIED {float(lower)!r} {float(upper)!r} {leaves} {'gates' if cert['network'].get('gates') is not None else 'leaves'}")
