"""cvxc beside its peers on one core: `python3 benches/peers/run.py`, from a fresh clone.

Makes a virtual environment in target/peers, builds cvxc, and prints a table for each instance; `--help` says what may be chosen.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HOME = ROOT / "target" / "peers"
ONE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS")


def environment():
    """Begins again inside the virtual environment, with one thread for every library."""
    if os.environ.get("CVXC_PEERS") == "ready":
        return
    python, wanted = HOME / "venv" / "bin" / "python", (HERE / "requirements.txt").read_text()
    stamp = HOME / "installed.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", HOME / "venv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"], check=True)
        stamp.write_text(wanted)
    ready = {**os.environ, "CVXC_PEERS": "ready", "PYTHONDONTWRITEBYTECODE": "1", **{name: "1" for name in ONE}}
    sys.exit(subprocess.run([python, *sys.argv], env=ready).returncode)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], help="instances, for example gated-200 relu-cells")
    parser.add_argument("--peers", nargs="*", default=None, help="which of numpy celer skglm adelie scnn; none: cvxc alone")
    parser.add_argument("--target", type=float, default=1e-6, help="the relative gap to reach")
    parser.add_argument("--limit", type=float, default=120, help="seconds for each peer on each instance, and for cvxc")
    return parser.parse_args()


def runs_of(name, peer, given):
    """All runs that a peer ends within the limit."""
    command = [sys.executable, HERE / "worker.py", name, peer, str(given.target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            out, err = process.communicate(timeout=given.limit)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return lines or [{"refused": (err.strip().splitlines() or [f"no answer in {given.limit:.0f} s"])[-1]}]


def best(runs, target):
    """The cheapest run that reaches the target, or the one with the least gap."""
    done = [run for run in runs if "gap" in run]
    reached = [run for run in done if run["gap"] <= target]
    return min(reached, key=lambda run: run["seconds"]) if reached else min(done, key=lambda run: run["gap"], default=runs[-1])


def measure_cvxc(instance, name, binary, given):
    """The best of three, or of one where one takes long."""
    import certificate
    import cvxc

    folder, took = HOME / name, []
    cvxc.write(instance, folder)
    for _ in range(3):
        took.append(cvxc.run(binary, folder, given.target, given.limit))
        if sum(seconds for seconds, _, _ in took) > 10:
            break
    seconds, peak, report = min(took, key=lambda run: run[0])
    searching = min(run[2]["solver"]["searching"] for run in took)
    certified = {"objective": report["objective"], "gap": report["relative_gap"]}
    if instance.kind == "cells":
        # Its own bound is about all cells: beside the others it gets the certificate about the given ones.
        certified["gap"], certified["objective"] = certificate.relu(instance, cvxc.answer(instance, folder))
    solver, proof = report["solver"]["seconds"], (report["proof"] or {}).get("seconds", 0)
    return {"seconds": searching, "whole": seconds, "solver": solver, "proof": proof, "peak": peak, "lower": report["lower_bound"], **certified}


def row(who, run, ours, target):
    if "refused" in run:
        return f"  {who:<16} {run['refused']}"
    ratio = run["seconds"] / ours["seconds"]
    reached = f"{ratio:7.2f}" if run["gap"] <= target else "  above"
    return f"  {who:<16}{run['seconds']:9.3f} s {reached}   gap {run['gap']:8.1e}   objective {run['objective']:.10f}  {run['peak']:6.0f} MB   {run.get('label', '')}"


def report(name, binary, given, answers):
    from instances import INSTANCES
    from peers import PEERS

    instance = INSTANCES[name]()
    print(f"\n{instance.name}", flush=True)
    ours = measure_cvxc(instance, name, binary, given)
    label = f"with files and certificate; {ours['solver']:.3f} s of solving, {ours['proof']:.3f} s of it proving"
    print(row("cvxc, search", ours, ours, given.target), flush=True)
    print(row("cvxc, whole", {**ours, "seconds": ours["whole"], "label": label}, ours, given.target), flush=True)
    names = [] if given.peers == [] else ["CVXPY, Clarabel"] if instance.kind != "gated" else given.peers or list(PEERS)
    for peer in names:
        if instance.kind == "generate":
            run = elsewhere(answers.get("relu-cells"), ours)
        else:
            run = best(runs_of(name, peer, given), given.target)
            answers[name] = run
        print(row(peer, run, ours, given.target), flush=True)


def elsewhere(run, ours):
    """The optimum over the given cells, held against the bound that cvxc has proved about all of them."""
    if run is None or "refused" in run:
        return {"refused": "has no way to all cells; needs the row of the given ones"}
    gap = (run["objective"] - ours["lower"]) / run["objective"]
    return {**run, "gap": gap, "label": "over the 50 given cells, against cvxc's bound about all"}


def machine():
    """The processor, how many of it, and who takes part in which version."""
    from importlib.metadata import version

    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    pinned = [line.split("==")[0] for line in (HERE / "requirements.txt").read_text().splitlines() if "==" in line]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    versions = ", ".join(f"{name} {version(name)}" for name in pinned)
    return f"{time.strftime('%Y-%m-%d')}; {os.cpu_count()} cores, {model}; Python {platform.python_version()}, cvxc {commit}, {versions}"


def main():
    environment()
    given = arguments()
    sys.path.insert(0, str(HERE))
    import cvxc
    from instances import INSTANCES

    binary = cvxc.binary(ROOT)
    print(f"{machine()}\nCPU seconds on one core, ratio to cvxc, to a certified relative gap of {given.target:.0e}; `above`: not reached")
    answers = {}
    for name in given.only or INSTANCES:
        report(name, binary, given, answers)


if __name__ == "__main__":
    main()
