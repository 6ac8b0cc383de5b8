"""cvxc on the same instances: files and a model for it, one thread, the whole process timed."""

import json
import os
import subprocess
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


def run(binary, folder, target, limit):
    """CPU seconds of the process, its peak of memory in MB, and its report."""
    command = [binary, "solve", "model.cvx", "--threads", "1", "--gap", repr(target), "--time", f"{limit}s", "--json", "--quiet"]
    with open(folder / "answer.json", "w") as out, open(folder / "errors.txt", "w") as errors:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=errors)
        # Only wait4 tells one child's memory from another's.
        _, status, usage = os.wait4(process.pid, 0)
    said = (folder / "answer.json").read_text()
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        raise RuntimeError(said + (folder / "errors.txt").read_text())
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000, json.loads(said)


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
