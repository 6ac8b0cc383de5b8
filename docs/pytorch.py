"""Trains a two-layer network in PyTorch on models/breast_cancer.cvx and saves its state dict as it is.

    pip install torch safetensors numpy
    python3 docs/pytorch.py net.safetensors
    cvxc compare models/breast_cancer.cvx --with net.safetensors     # how far above the global optimum is it?
    cvxc solve models/breast_cancer.cvx --start net.safetensors      # begin there, and never be worse

Columns are standardised as the model does it: mean and population deviation of the training rows.  The objective is the model's:
mean(squared) is half of PyTorch's MSELoss, weight_decay half the sum of squares of all weights and of the hidden bias.
With a second argument, net.onnx, the network is written as ONNX too (pip install onnx).
"""

import csv
import os
import sys

import numpy
import torch
from safetensors.torch import save_file

STRENGTH = 0.23853720883

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "models", "data")
with open(os.path.join(folder, "breast_cancer.csv")) as file:
    rows = list(csv.reader(file))[1:]
x = numpy.array([[float(value) for value in row[:30]] for row in rows])
y = numpy.array([[1.0 if row[30] == "malignant" else -1.0] for row in rows])
x = (x - x.mean(axis=0)) / x.std(axis=0)

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
inputs, targets = torch.tensor(x), torch.tensor(y)
net = torch.nn.Sequential(torch.nn.Linear(30, 20), torch.nn.ReLU(), torch.nn.Linear(20, 1, bias=False))
steps = int(os.environ.get("STEPS", "3000"))
optimiser = torch.optim.Adam(net.parameters(), lr=0.01)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
for _ in range(steps):
    optimiser.zero_grad()
    loss = 0.5 * torch.nn.functional.mse_loss(net(inputs), targets)
    objective = loss + STRENGTH * 0.5 * sum((weight**2).sum() for weight in net.parameters())
    objective.backward()
    optimiser.step()
    schedule.step()
print(f"objective {objective.item():.9f}")
save_file(net.state_dict(), sys.argv[1])
if len(sys.argv) > 2:
    torch.onnx.export(net, (inputs[:1],), sys.argv[2], dynamo=False)
