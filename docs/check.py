#!/usr/bin/env python3
"""Check a cvxc certificate in exact arithmetic: an independent reading of grammar/certificate.md.

usage: check.py CERTIFICATE TABLE.csv [P Q]

TABLE.csv has a header and the training rows as they enter the program, inputs first and the target last.  P and Q are the slopes
of p max(z,0) + q max(-z,0), for activations other than relu and abs.  Covers Euclidean weight decay, slopes of four bits over
their common denominator and the losses below; no skip and no gates.  Prints both bounds (as the nearest doubles), the number of
leaves and what is certified, or says why not and exits with 1.
"""
import base64, csv, json, math, re, sys
from fractions import Fraction

sys.dont_write_bytecode = True


LOSSES = {  # ℓ(f, y) and ℓ*(v, y), None where that is infinite; the last argument is the parameter
    "squared": (lambda f, y, _: (f - y) ** 2 / 2, lambda v, y, _: v * v / 2 + v * y),
    "absolute": (lambda f, y, _: abs(f - y), lambda v, y, _: v * y if abs(v) <= 1 else None),
    "epsilon_insensitive": (lambda f, y, e: max(0, abs(f - y) - e), lambda v, y, e: v * y + e * abs(v) if abs(v) <= 1 else None),
    "squared_hinge": (lambda f, y, _: max(0, 1 - y * f) ** 2 / 2, lambda v, y, _: v * y + v * v / 2 if v * y <= 0 else None),
    "hinge": (lambda f, y, _: max(0, 1 - y * f), lambda v, y, _: v * y if -1 <= v * y <= 0 else None),
}
FIELDS = "format version statement network dual scale basis proofs", "hidden output", "kind unit tree", "kind unit tree"


def demand(holds, what):
    if not holds:
        raise ValueError(what)


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def naturals(text):
    for digits in re.findall(rb"[\x80-\xff]*[\x00-\x7f]?", base64.b64decode(text, validate=True))[:-1]:
        demand(len(digits) <= 19 and digits[-1] < 128, "a natural is too wide or not whole")
        yield sum((digit & 127) << 7 * place for place, digit in enumerate(digits))


def integer(tree):
    n = next(tree)
    return (n >> 1) ^ -(n & 1)


def scaled(tree):
    m, h = next(tree), next(tree)
    demand(h < 127, "a scaled number is too wide")
    return m << h


def on_grid(rows, basis):
    """The rows on their grid or along the basis, g, the errors and |B|."""
    d, largest = len(rows[0]), max(abs(x) for row in rows for x in row)
    g = 40 - math.frexp(largest)[1] if largest else 0
    exact = [[Fraction(x) * Fraction(2) ** g for x in row] for row in rows]
    grid = [[int(x + Fraction(1 if x > 0 else -1, 2)) for x in row] for row in exact]
    errors = [0 if x == z else 2**43 * (math.isqrt(d) + 1) for x, z in zip(exact, grid)]
    if basis is None:
        return grid, g, errors, 1
    demand(0 < len(basis) <= d and all(type(x) is int and abs(x) < 2**45 for b in basis for x in b), "the basis")
    along = [[(dot(b, x) + 2**43) >> 44 for b in basis] for x in grid]
    rests = [[2**44 * x[k] - dot([b[k] for b in basis], z) for k in range(d)] for x, z in zip(grid, along)]
    off = sum(abs(dot(a, b) - 2**88 * (a is b)) for a in basis for b in basis)
    return along, g, [e + math.isqrt(dot(rest, rest)) + 1 for e, rest in zip(errors, rests)], 1 + Fraction(off, 2**88)


def inequality(certificate, rows, slopes, price):
    """T and, for either output sign, G_0 and the lines with their kinks; the price is N β / t."""
    m, e = certificate["dual"]["mantissas"], certificate["dual"]["exponent"]
    rows, g, errors, stretch = on_grid(rows, certificate.get("basis"))
    D = math.lcm(*(s.denominator for s in slopes))
    P, Q = (int(s * D) for s in slopes)
    steepest = max(abs(P), abs(Q))
    demand(steepest < 16, "slopes of more than four bits are not covered here")
    T = math.floor((D * Fraction(2) ** (g + e) * price - steepest * Fraction(dot(map(abs, m), errors), 2**44)) / stretch)
    demand(0 < T < 2**100, "the limit leaves no room for a proof")
    for sign in (1, -1):
        kinks, start = {}, [0] * len(rows[0])
        for row, ci in ((row, -sign * mi) for row, mi in zip(rows, m) if any(row)):
            c = math.gcd(*row) * (1 if next(filter(None, row)) > 0 else -1)
            line = tuple(x // c for x in row)
            start = [s + (-Q if c > 0 else P) * ci * x for s, x in zip(start, row)]
            kinks[line] = kinks.get(line, 0) + (P + Q) * ci * abs(c)
        yield T, start, [(line, k) for line, k in kinks.items() if k]


def cones(tree, unit, T, start, lines):
    """Proves G <= T |θ| on every orthant and says on how many leaves."""
    r = len(start)
    demand(0 <= unit <= 90 and 1 <= r <= 16, "the unit or the rank of a tree of cones")

    def node(generators, depth):
        z = next(tree)
        if z > 30:
            (a, b), m, n = divmod(z - 31, r), next(tree), next(tree)
            demand(a < r and a != b and m > 0 and n > 0 and depth < 256, "a split")
            new = [m * x + n * y for x, y in zip(generators[a], generators[b])]
            new = [x // (math.gcd(*new) & -math.gcd(*new)) for x in new]
            return sum(node([new if k == old else g for k, g in enumerate(generators)], depth + 1) for old in (a, b))
        c, given, place = [integer(tree) for _ in range(r)], {}, -1
        demand(4**z * dot(c, c) <= (T >> unit) ** 2, "the vector of a leaf is too long")
        for _ in range(next(tree)):
            place += 1 + next(tree)
            given[place] = next(tree)
        demand(all(tau <= 2 ** (30 - z) for tau in given.values()), "a slope")
        heights, place = [dot(start, g) for g in generators], 0
        for line, k in lines:
            values = [dot(line, g) for g in generators]
            if k < 0 and min(values) < 0 < max(values):
                tau, place = given.pop(place, (dot(line, c) > 0) << (30 - z)), place + 1
                heights = [h - (-k * tau >> (30 - z)) * v for h, v in zip(heights, values)]
            else:
                heights = [h + k * max(v, 0) for h, v in zip(heights, values)]
        demand(not given, "a slope without its line")
        demand(all(dot(c, g) << (unit + z) >= h for g, h in zip(generators, heights)), "a leaf is below a generator")
        return 1

    orthants = ([[(-1 if number >> k & 1 else 1) * (j == k) for j in range(r)] for k in range(r)] for number in range(2**r))
    return sum(node(orthant, 0) for orthant in orthants)


def prover(kind):
    if kind == "signs":
        from check_signs import signs

        return signs
    demand(kind == "cones", "trees of this kind are not covered here")
    return cones


def check(certificate, table, given):
    """Both bounds and the number of leaves."""
    statement, network, dual, proofs = (certificate[part] for part in ("statement", "network", "dual", "proofs"))
    words = re.fullmatch(r"(mean\()?(\w+)(?:\(([^()]+)\))?(?(1)\)) \+ (\S+) \* weight_decay", statement["objective"])
    demand(words and words[2] in LOSSES, f"the objective {statement['objective']} is not covered here")
    layers = re.fullmatch(r"dense(\(bias\))? -> (.+) -> dense", statement["network"])
    slopes = {"relu": (Fraction(1), Fraction(0)), "abs": (Fraction(1), Fraction(1))}.get(layers and layers[2], given)
    demand(layers and slopes and not {"skip", "gates"} & set(network), f"the network {statement['network']} is not covered here")
    demand(all(set(part) <= set(f.split()) for part, f in zip([certificate, network, *proofs], FIELDS)), "an unknown field")
    demand((certificate["format"], certificate["version"]) == ("cvxc certificate", 1), "the format or its version")
    (value, conjugate), parameter, beta = LOSSES[words[2]], Fraction(words[3] or 0), Fraction(words[4])
    rows, targets = [row[:-1] + [1.0] * bool(layers[1]) for row in table], [Fraction(row[-1]) for row in table]
    N, t, e = len(rows) if words[1] else 1, Fraction(certificate["scale"]), dual["exponent"]

    neurons = [([Fraction(x) for x in w], Fraction(a)) for w, a in zip(network["hidden"], network["output"], strict=True)]
    phi = lambda z: slopes[0] * max(z, 0) + slopes[1] * max(-z, 0)
    outputs = [sum(a * phi(dot(w, map(Fraction, row))) for w, a in neurons) for row in rows]
    losses = sum(value(f, y, parameter) for f, y in zip(outputs, targets))
    upper = losses / N + beta * sum(dot(w, w) + a * a for w, a in neurons) / 2

    demand(all(type(m) is int and abs(m) < 2**38 for m in dual["mantissas"]) and t > 0 and abs(e) <= 3000, "the dual vector")
    terms = [conjugate(t * m / Fraction(2) ** e, y, parameter) for m, y in zip(dual["mantissas"], targets, strict=True)]
    demand(None not in terms, "the dual vector leaves the domain of the loss")
    lower, leaves = max(-sum(terms) / N, Fraction(0)), 0
    for proof, (T, start, lines) in zip(proofs, inequality(certificate, rows, slopes, N * beta / t), strict=True):
        tree = naturals(proof["tree"])
        leaves += prover(proof["kind"])(tree, proof["unit"], T, start, lines)
        demand(next(tree, None) is None, "a tree goes on after its last leaf")
    demand(lower <= upper, "the bounds cross")
    return lower, upper, leaves


if __name__ == "__main__":
    try:
        with open(sys.argv[1]) as file, open(sys.argv[2]) as data:
            certificate, table = json.load(file), [[float(x) for x in row] for row in list(csv.reader(data))[1:]]
        lower, upper, leaves = check(certificate, table, [Fraction(s) for s in sys.argv[3:5]])
        words = (certificate["statement"][part] for part in ("network", "objective"))
        print("CERTIFIED", float(lower), float(upper), leaves, "leaves:", *words)
    except Exception as reason:  # of any kind, StopIteration where a tree is over among them: it is no proof
        sys.exit(f"REFUSED: {reason!r}")
