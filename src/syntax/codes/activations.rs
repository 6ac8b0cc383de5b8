//! Pages about definitions of activations.

use super::{Code, apart, page};

pub const CODES: &[Code] = &[
    page(
        "E0201",
        "an activation takes a built-in name",
        "A built-in name means the same in every model file on earth, so it cannot be redefined, nor can the names of\n\
         layers and of well-known curved functions.",
        "activation relu(x) = max(x, 0.1*x)",
        "activation my_relu(x) = max(x, 0.1*x)",
    ),
    page(
        "E0202",
        "an activation is defined twice",
        "Two definitions, or a definition and an import, share a name.",
        "activation f(x) = max(x, 0)\nactivation f(x) = max(x, 1)",
        "activation f(x) = max(x, 0)\nactivation g(x) = max(x, 1)",
    ),
    page(
        "E0203",
        "a parameter of an activation shares its name",
        "The variable and the parameters of an activation need different names.",
        "activation f(x, x = 1) = x",
        "activation f(x, a = 1) = a*x",
    ),
    page(
        "E0210",
        "an activation bends continuously",
        "The exact convex program exists because a piecewise-linear unit is linear once you fix which piece each\n\
         sample falls in; a curve has no such pieces. Sums, max, min, products with a number and calls of other\n\
         activations stay straight; powers and products of two expressions in `x` do not. Write a\n\
         curve as the largest of a few straight lines.",
        "activation f(x) = 0.5*x + 0.5*x^2",
        "activation f(x) = max(0.5*x, 1.5*x - 0.5)",
    ),
    page(
        "E0211",
        "a smooth function where a piecewise-linear one is needed",
        "sigmoid, tanh, gelu, silu, softplus and elu have no known exact convex program. Each has a stand-in of a few\n\
         straight pieces, with the largest error on [-8, 8] in the message. A stand-in with kinks off 0 is priced\n\
         with `output_l1 subject to hidden_norm <= 1`.",
        "network [x1, x2] -> dense(bias) -> gelu -> dense -> y",
        "network [x1, x2] -> dense(bias) -> relu -> dense -> y",
    ),
    page(
        "E0220",
        "a case can never be reached",
        "Cases are read from left to right and the first whose condition holds decides; a later case with a smaller\n\
         bound never does.",
        "activation f(x) = piecewise { x < 0: x; x < -1: 0; otherwise: 0 }",
        "activation f(x) = piecewise { x < -1: 0; x < 0: x; otherwise: 0 }",
    ),
    page(
        "E0221",
        "a definition by cases has no value somewhere",
        "The last case is `otherwise`, so that every input has a value.",
        "activation f(x) = piecewise { x < 0: 0; x < 1: x }",
        "activation f(x) = piecewise { x < 0: 0; x < 1: x; otherwise: 1 }",
    ),
    page(
        "E0222",
        "a case begins with something else than `x < number`",
        "A case says where it ends: `x < number`, or `x <= number` if the end still belongs to it.",
        "activation f(x) = piecewise { x > 0: x; otherwise: 0 }",
        "activation f(x) = piecewise { x <= 0: 0; otherwise: x }",
    ),
    page(
        "E0223",
        "a case bends inside itself",
        "A case is one straight piece; a kink needs a case of its own, so that the cases show all breaks.",
        "activation f(x) = piecewise { x < 1: abs(x); otherwise: 1 }",
        "activation f(x) = piecewise { x < 0: -x; x < 1: x; otherwise: 1 }",
    ),
    page(
        "E0224",
        "an activation is too large to be worked with",
        "An activation may have 1000 breaks, numbers of 1200 digits that a double can hold, and a bounded cost of\n\
         evaluation. These limits are far beyond use.",
        "activation f(x) = x * 10^60 * 10^60 * 10^60 * 10^60 * 10^60 * 10^60",
        "activation f(x) = x",
    ),
    page(
        "E0225",
        "an activation has a value of its own at a single point",
        "Neither the piece on the left of the point nor the one on its right goes through the value there, so no cell\n\
         of the program holds it.",
        "activation f(x) = step(x) + step(-x)",
        "activation f(x) = step(x) - 0.5",
    ),
    page(
        "E0226",
        "an activation is constant",
        "A neuron that always answers the same learns nothing from its inputs.",
        "activation f(x) = 3",
        "activation f(x) = max(x, 3)",
    ),
    page(
        "E0230",
        "an unknown name in a formula",
        "A formula knows its variable, its own parameters, max, min, and the activations in reach. File parameters\n\
         are handed over as arguments where the activation is used: `-> f(beta) ->`.",
        "activation f(x) = max(c*x, x)",
        "activation f(x, c = 0.1) = max(c*x, x)",
    ),
    page(
        "E0231",
        "something in a formula is not one",
        "An activation is made of numbers, its variable, its parameters, + - * / ^ and calls. Conditions stand only\n\
         in front of the cases of `piecewise`.",
        "activation f(x) = x < 3",
        "activation f(x) = piecewise { x < 3: 0; otherwise: 1 }",
    ),
    page(
        "E0232",
        "a number is needed and this varies with the input",
        "Defaults, arguments for parameters and the ends of cases are fixed numbers.",
        "activation f(x) = leaky_relu(x, x)",
        "activation f(x) = leaky_relu(x, 0.1)",
    ),
    page("E0233", "a formula divides by zero", "The quotient has no value.", "activation f(x) = x/0", "activation f(x) = x/2"),
    page(
        "E0234",
        "a call with wrong arguments in a formula",
        "A call of an activation gives its variable first and then its parameters by position or name; max and min\n\
         take two expressions or more.",
        "activation f(x) = max(x)",
        "activation f(x) = max(x, 0)",
    ),
    page(
        "E0240",
        "an activation is defined by means of itself",
        "Definitions may call one another but not in a circle: the result is one formula with a fixed number of\n\
         pieces.",
        "activation f(x) = f(x - 1)",
        "activation f(x) = relu(x - 1)",
    ),
    apart(
        "E0241",
        "an imported file cannot be read",
        "The path of `use` is relative to the file it stands in; there is no search path.",
        "use hat from \"nowhere.cvx\"",
        "use hat from \"lib/activations.cvx\"",
    ),
    apart(
        "E0242",
        "an imported file does not define this activation",
        "Imports are by name, and only activations can be imported.",
        "use hatt from \"lib/activations.cvx\"",
        "use hat from \"lib/activations.cvx\"",
    ),
    apart(
        "E0243",
        "files import one another in a circle",
        "Move what both need to a file that imports neither.",
        "use a from \"a.cvx\"      # and a.cvx uses this file",
        "use a from \"shared.cvx\"",
    ),
];
