//! Pages about what cannot be solved yet, and certificates.

use super::{Code, apart, page};

pub const CODES: &[Code] = &[
    page(
        "E0500",
        "right, but not solvable by this version yet",
        "The language is ahead of the solver on purpose: the model has been checked in full and is right, and nothing\n\
         but the named part keeps it from being solved. The message says what this version solves.",
        "network [x1, x2] -> dense(bias) -> relu -> dense(bias) -> y",
        "network [x1, x2] -> dense(bias) -> relu -> dense -> y",
    ),
    page(
        "E0510",
        "no network fits all training rows exactly",
        "With `subject to interpolate` every output must be its target. Equal rows have equal outputs, and without a\n\
         bias so do outputs of rows on lines through 0 depend on each other. The message names rows whose outputs add\n\
         up to 0, with the factors that it gives, whatever the network, while their targets do not. This is decided\n\
         without rounding; factors are shown rounded. Exit code 6.",
        "data table {\n  x1 x2 y\n  0 1 1\n  0 1 2\n}\nminimize weight_decay subject to interpolate",
        "data table {\n  x1 x2 y\n  0 1 1\n  1 1 2\n}\nminimize weight_decay subject to interpolate",
    ),
    page(
        "E0511",
        "the optimum needs more neurons than `dense(k)` allows",
        "Cells and gates know no number of neurons: the optimum is that of all widths, and `dense(k)` promises that k are\n\
         enough. Where the network that was found has more, the promise is not kept, even if another network of the same\n\
         objective has fewer: `--fewest` looks for one.",
        "data xor()\nnetwork [x1, x2] -> dense(1) -> relu -> dense -> y\nminimize squared + 1e-3 * weight_decay",
        "data xor()\nnetwork [x1, x2] -> dense(4) -> relu -> dense -> y\nminimize squared + 1e-3 * weight_decay",
    ),
    apart(
        "E0610",
        "a certificate for another model",
        "A certificate carries a digest of the model after overrides and of the data. It proves nothing about another\n\
         objective; verify it with the overrides it was made with, or solve again.",
        "cvxc verify spirals.out --set beta=0.1",
        "cvxc verify spirals.out --set beta=0.001",
    ),
];
