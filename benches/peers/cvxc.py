"""cvxc on the same instances: files and a model for it, one thread, the whole process timed."""

import json
import os
import subprocess
import time
from pathlib import Path

import numpy as np

MODELS = {
    "gated": 'network x -> dense -> gated_relu(gates = npy("G.npy")) -> dense -> y',
    "cells": "network x -> dense -> relu -> dense -> y",
    "all": "network x -> dense -> relu -> dense -> y",
    "generate": "network x -> dense -> relu -> dense -> y",
}
SOLVES = {"cells": 'solve { arrangements = cells("G.npy"); guarantee = bounded }\n'}


def write(instance, folder):
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "data.npz", x=instance.x, y=instance.y)
    np.save(folder / "G.npy", instance.vectors)
    text = f'cvx 1\ndata npz("data.npz")\n{MODELS[instance.kind]}\nminimize mean(squared) + {instance.lam!r} * weight_decay\n'
    (folder / "model.cvx").write_text(text + SOLVES.get(instance.kind, "") + "output weights(npz), certificate\n")


def watched(pid):
    """The peak of memory of a process in MB, seen every few milliseconds until it ends; `wait4` would count what stood there before it began."""
    peak = 0.0
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        status = Path(f"/proc/{pid}/status").read_text().splitlines()
        peak = max([peak, *(int(line.split()[1]) / 1000 for line in status if line.startswith("VmHWM"))])
        time.sleep(0.003)
    return peak


def run(binary, folder, target, limit):
    """CPU seconds of the process, its peak of memory in MB, and its report."""
    command = [binary, "solve", "model.cvx", "--threads", "1", "--gap", repr(target), "--time", f"{limit}s", "--json", "--quiet"]
    with open(folder / "answer.json", "w") as out, open(folder / "errors.txt", "w") as errors:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=errors)
        peak = watched(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
    said = (folder / "answer.json").read_text()
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        raise RuntimeError(said + (folder / "errors.txt").read_text())
    return usage.ru_utime + usage.ru_stime, peak, json.loads(said)


def answer(instance, folder):
    """The network that it wrote, as the certificate takes it."""
    file = np.load(folder / "model.out" / "network.npz")
    weights = file["hidden.weight"] * file["output.weight"].T
    if instance.kind != "gated":
        return [(np.sign(a), abs(a) * w) for a, w in zip(file["output.weight"][0], file["hidden.weight"])]
    whole = np.zeros((instance.vectors.shape[1], instance.x.shape[1]))
    for gate, w in zip(file["gate.weight"], weights):
        whole[int(np.flatnonzero((instance.vectors.T == gate).all(axis=1))[0])] += w
    return whole


def binary(root):
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=root, check=True)
    return str(Path(root) / "target" / "release" / "cvxc")
