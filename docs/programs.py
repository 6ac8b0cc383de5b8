"""Solves exported programs outside cvxc: `python3 docs/programs.py a.cbf b.mps c.lp` prints one optimum a line.

cbf goes to Clarabel through cvxpy, mps and lp go to HiGHS: `pip install cvxpy highspy`.
"""

import sys


def read_cbf(path):
    """The sections of a cbf file as lists of lines, comments left out."""
    lines = [line.split("#")[0].strip() for line in open(path)]
    sections, lines = {}, iter([line for line in lines if line])
    counts = {"OBJACOORD": 0, "ACOORD": 0, "BCOORD": 0, "VAR": 1, "CON": 1}
    for keyword in lines:
        head = next(lines)
        if keyword in counts:
            length = int(head.split()[counts[keyword]])
            sections[keyword] = [head] + [next(lines) for _ in range(length)]
        else:
            sections[keyword] = [head]
    return sections


def sparse(entries, height, width):
    import scipy.sparse as sp

    rows, columns, values = zip(*entries) if entries else ((), (), ())
    return sp.csr_matrix((values, (rows, columns)), shape=(height, width))


def cone(kind, x):
    """That the affine vector x lies in a cone of the format."""
    import cvxpy as cp

    if kind == "QR":
        # 2 x0 x1 >= |rest|^2
        return cp.SOC((x[0] + x[1]) / 2**0.5, cp.hstack([(x[0] - x[1]) / 2**0.5, x[2:]]))
    table = {
        "L=": lambda: x == 0,
        "L+": lambda: x >= 0,
        "L-": lambda: x <= 0,
        "Q": lambda: cp.SOC(x[0], x[1:]),
        "EXP": lambda: cp.ExpCone(x[2:3], x[1:2], x[0:1]),
    }
    return table[kind]()


def solve_cbf(path):
    import cvxpy as cp
    import numpy as np

    file = read_cbf(path)
    assert file["VER"] == ["3"] and file["OBJSENSE"] == ["MIN"], path
    width = int(file["VAR"][0].split()[0])
    assert file["VAR"][1:] == [f"F {width}"], path
    height = int(file["CON"][0].split()[0])
    number = lambda line: (int(line.split()[0]), float(line.split()[1]))
    terms = [line.split() for line in file["ACOORD"][1:]]
    a = sparse([(int(i), int(j), float(value)) for i, j, value in terms], height, width)
    b, c, x = np.zeros(height), np.zeros(width), cp.Variable(width)
    for line in file["BCOORD"][1:]:
        b[number(line)[0]] = number(line)[1]
    for line in file["OBJACOORD"][1:]:
        c[number(line)[0]] = number(line)[1]
    rows, at, constraints = a @ x + b, 0, []
    for line in file["CON"][1:]:
        kind, length = line.split()
        constraints.append(cone(kind, rows[at : at + int(length)]))
        at += int(length)
    assert at == height, path
    problem = cp.Problem(cp.Minimize(c @ x), constraints)
    problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    return problem.value + float(file.get("OBJBCOORD", ["0"])[0])


def solve_linear(path):
    import highspy

    solver = highspy.Highs()
    solver.silent()
    assert solver.readModel(path) == highspy.HighsStatus.kOk, path
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal, path
    return solver.getInfo().objective_function_value


if __name__ == "__main__":
    for path in sys.argv[1:]:
        value = solve_cbf(path) if path.endswith(".cbf") else solve_linear(path)
        print(f"{path} {float(value)!r}")
