//! Pages about networks, objectives, and what is exact with what.

use super::{Code, page};

pub const CODES: &[Code] = &[
    page(
        "E0301",
        "an unknown column",
        "The column is not in the data. For inline tables and toys this is known before any file is opened.",
        "network [x1, x3] -> dense -> relu -> dense -> y",
        "network [x1, x2] -> dense -> relu -> dense -> y",
    ),
    page(
        "E0302",
        "neither a layer nor an activation",
        "Between input and target stand layers (dense, conv1d, conv2d, pools, reshape, gated_relu) and activations,\n\
         built-in, defined or imported.",
        "network [x1, x2] -> dense(bias) -> leeky_relu -> dense -> y",
        "network [x1, x2] -> dense(bias) -> leaky_relu -> dense -> y",
    ),
    page(
        "E0303",
        "layers in an order that makes no network",
        "A network is a layer of neurons, one activation, and an output layer. Two linear layers in a row are one;\n\
         two activations in a row are better defined as one.",
        "network [x1, x2] -> relu -> dense -> y",
        "network [x1, x2] -> dense -> relu -> dense -> y",
    ),
    page(
        "E0304",
        "a network without a hidden layer or without an activation",
        "What is left is a linear model; written with `linear` it is one that cvxc trains.",
        "network features -> dense -> y",
        "network features -> dense -> linear -> dense -> y",
    ),
    page(
        "E0305",
        "a network with more than one hidden layer",
        "The exact convex program is known for networks with one hidden layer of free width, and those are what\n\
         version 1 trains.",
        "network [x1, x2] -> dense -> relu -> dense -> relu -> dense -> y",
        "network [x1, x2] -> dense -> relu -> dense -> y",
    ),
    page(
        "E0306",
        "a network without an output layer or without a target",
        "A network ends with `dense`, which adds up the neurons, and then with the column that is to be learnt.",
        "network [x1, x2] -> dense -> relu -> y",
        "network [x1, x2] -> dense -> relu -> dense -> y",
    ),
    page(
        "E0307",
        "branches that are not `( ... ) + skip`",
        "The only thing that may run beside the layers is `skip`, an unpenalised affine map from the inputs to the\n\
         output.",
        "network [x1, x2] -> dense -> relu -> dense + skip -> y",
        "network [x1, x2] -> (dense -> relu -> dense) + skip -> y",
    ),
    page(
        "E0308",
        "inputs that are none",
        "A network starts with columns: `age`, \"mean radius\", [x1, x2], [p0 .. p63], `features` for every column but\n\
         the target, or lag(column, 1..3).",
        "network [] -> dense -> relu -> dense -> y",
        "network features -> dense -> relu -> dense -> y",
    ),
    page(
        "E0309",
        "a column is input and target at once",
        "A network that is given what it should learn has nothing to learn. Earlier values of the target are allowed:\n\
         lag(y, 1..3).",
        "network [x1, y] -> dense -> relu -> dense -> y",
        "network [x1, x2] -> dense -> relu -> dense -> y",
    ),
    page(
        "E0310",
        "a filter or window is larger than what it slides over",
        "The filter's size counts cells of the signal or image, padding included.",
        "network [x1, x2] -> conv1d(size = 3) -> relu -> sum_pool -> dense -> y",
        "network [x1, x2] -> conv1d(size = 2) -> relu -> sum_pool -> dense -> y",
    ),
    page(
        "E0311",
        "a reshape that does not fit",
        "reshape(rows, columns) lays out exactly rows x columns numbers per row of the data.",
        "network [x1, x2] -> reshape(2, 2) -> conv2d(size = 1) -> relu -> sum_pool -> dense -> y",
        "network [x1, x2] -> reshape(1, 2) -> conv2d(size = 1) -> relu -> sum_pool -> dense -> y",
    ),
    page(
        "E0312",
        "targets and outputs differ in number",
        "A list of k targets, or an array of k columns, needs `dense(k)` in front of it; one number needs `dense`.",
        "network x1 -> dense -> relu -> dense(3) -> [x2, y]\nminimize squared + 0.1 * weight_decay(output = l1)",
        "network x1 -> dense -> relu -> dense(2) -> [x2, y]\nminimize squared + 0.1 * weight_decay(output = l1)",
    ),
    page(
        "E0313",
        "a convolution of another dimension than its input",
        "conv1d runs along a signal, conv2d over an image; `reshape(8, 8)` says how the numbers of a row lie in an\n\
         image.",
        "network [x1, x2] -> conv2d(size = 1) -> relu -> sum_pool -> dense -> y",
        "network [x1, x2] -> reshape(1, 2) -> conv2d(size = 1) -> relu -> sum_pool -> dense -> y",
    ),
    page(
        "E0314",
        "a pool with nothing to pool",
        "Pools join the places that a convolution has looked at, after its activation.",
        "network [x1, x2] -> dense -> relu -> max_pool -> dense -> y",
        "network [x1, x2] -> conv1d(size = 1) -> relu -> avg_pool -> dense -> y",
    ),
    page(
        "E0320",
        "weight decay on an activation with kinks off 0",
        "Weight decay is exact because a neuron can be rescaled freely: (c*w, a/c) computes the same thing. That\n\
         holds only when all kinks of the activation are at 0. For every other piecewise-linear activation the hidden\n\
         weights are bounded and the output weights priced, which is exact by the perspective program.",
        "activation hat(x) = piecewise { x < -1: 0; x < 0: x + 1; x < 1: 1 - x; otherwise: 0 }\nnetwork [x1, x2] -> dense(bias) -> hat -> dense -> y\nminimize squared + 0.1 * weight_decay",
        "activation hat(x) = piecewise { x < -1: 0; x < 0: x + 1; x < 1: 1 - x; otherwise: 0 }\nnetwork [x1, x2] -> dense(bias) -> hat -> dense -> y\nminimize squared + 0.1 * output_l1 subject to hidden_norm <= 1",
    ),
    page(
        "E0321",
        "weight decay on a threshold activation",
        "step(c*x) = step(x) for every c > 0, so the hidden weights can shrink to 0 for free and their decay says\n\
         nothing. Price the output weights alone.",
        "network [x1, x2] -> dense(bias) -> step -> dense -> y\nminimize squared + 0.1 * weight_decay",
        "network [x1, x2] -> dense(bias) -> step -> dense -> y\nminimize squared + 0.1 * output_l1",
    ),
    page(
        "E0322",
        "a price on the output weights while the hidden ones are free",
        "Larger hidden weights make up for smaller output weights, so the price can be driven to 0 and there is no\n\
         optimum. Bound the hidden weights.",
        "minimize squared + 0.1 * output_l1",
        "minimize squared + 0.1 * output_l1 subject to hidden_norm <= 1",
    ),
    page(
        "E0330",
        "an unknown word in the objective",
        "An objective is made of a loss, a regulariser, numbers and parameters.",
        "minimize squared + 0.1 * weigth_decay",
        "minimize squared + 0.1 * weight_decay",
    ),
    page(
        "E0331",
        "an objective without a loss",
        "With a regulariser alone the best network is the zero network. Add a loss, or demand an exact fit.",
        "minimize 0.1 * weight_decay",
        "minimize squared + 0.1 * weight_decay",
    ),
    page(
        "E0332",
        "a term of the objective that is none",
        "The objective is a sum: one loss, and one penalty times a number.",
        "minimize squared * weight_decay",
        "minimize squared + 0.1 * weight_decay",
    ),
    page(
        "E0333",
        "a penalty whose strength is not positive",
        "Without a positive price on the weights the optimum need not exist, and with a negative one the problem is\n\
         not convex.",
        "minimize squared + 0 * weight_decay",
        "minimize squared + 1e-6 * weight_decay",
    ),
    page(
        "E0334",
        "a loss with a factor",
        "The optimum depends only on the ratio of loss and penalty, and a loss means the same in every file; so the\n\
         penalty carries the number. `mean(loss)` divides by the number of rows.",
        "minimize 2 * squared + 0.1 * weight_decay",
        "minimize squared + 0.05 * weight_decay",
    ),
    page(
        "E0335",
        "two losses, two penalties, or a constraint given twice",
        "An objective has one loss and one penalty.",
        "minimize squared + absolute + 0.1 * weight_decay",
        "minimize squared + 0.1 * weight_decay",
    ),
    page(
        "E0336",
        "a term is subtracted",
        "The sum of convex terms is convex; a difference need not be, and no global optimum could be promised.",
        "minimize squared - 0.1 * weight_decay",
        "minimize squared + 0.1 * weight_decay",
    ),
    page(
        "E0337",
        "an objective without a regulariser",
        "Without one, networks of growing weights can approach the optimum and never reach it. Add a penalty, or\n\
         bound the weights.",
        "minimize squared",
        "minimize squared + 1e-6 * weight_decay",
    ),
    page(
        "E0338",
        "a constraint on what the penalty already prices",
        "Weight decay prices hidden and output weights; a bound on them besides has no known exact program.",
        "minimize squared + 0.1 * weight_decay subject to hidden_norm <= 1",
        "minimize squared + 0.1 * weight_decay",
    ),
    page(
        "E0339",
        "a loss beside `interpolate`",
        "Where the data are fitted exactly every loss is 0.",
        "minimize squared + weight_decay subject to interpolate",
        "minimize weight_decay subject to interpolate",
    ),
    page(
        "E0340",
        "chosen cells where several outputs share neurons",
        "With plain weight decay a neuron may serve several outputs, and its output weights may point anywhere: every\n\
         cell then has a program for every direction, and no list of cells holds them all. `generate` finds cells and\n\
         directions by price. With `weight_decay(output = l1)` each neuron serves one output, and cells can be chosen.",
        "network x1 -> dense(bias) -> relu -> dense(2) -> [x2, y]\nminimize squared + 0.1 * weight_decay\nsolve { arrangements = all }",
        "network x1 -> dense(bias) -> relu -> dense(2) -> [x2, y]\nminimize squared + 0.1 * weight_decay",
    ),
    page(
        "E0341",
        "something behind `subject to` is not a constraint",
        "The constraints are hidden_norm <= r, hidden_bias <= b, weight_decay <= r and interpolate.",
        "minimize squared + 0.1 * output_l1 subject to hidden_norm < 1",
        "minimize squared + 0.1 * output_l1 subject to hidden_norm <= 1",
    ),
    page(
        "E0342",
        "a loss and a number of outputs that do not fit",
        "hinge, squared_hinge and logistic are about two classes and one output; cross_entropy needs one output per\n\
         class of one column: `dense` without a number has as many.",
        "network x1 -> dense -> relu -> dense(2) -> y\nminimize logistic + 0.1 * weight_decay(output = l1)",
        "network x1 -> dense -> relu -> dense -> y\nminimize cross_entropy + 0.1 * weight_decay(output = l1)",
    ),
    page(
        "E0343",
        "a convolution whose places are not pooled into one",
        "Without pooling, or pooled in windows, a filter has one output weight for each place: it is a neuron with several\n\
         outputs, whose price couples the places, and no exact program is known for those. Pooled over the whole signal,\n\
         by `avg_pool`, `sum_pool` or `max_pool` without numbers, every filter has one output.",
        "network [x1, x2] -> conv1d(size = 1) -> relu -> dense -> y",
        "network [x1, x2] -> conv1d(size = 1) -> relu -> avg_pool -> dense -> y",
    ),
    page(
        "E0344",
        "a bound on biases that bounds nothing",
        "`hidden_bias <= b` takes the bias of every hidden neuron out of its norm and bounds it by itself. It stands\n\
         beside `hidden_norm <= r`, and the hidden layer needs a bias. Under weight decay a neuron and its bias can be\n\
         rescaled freely, so a bound would mean nothing; `dense(bias = free)` costs nothing there.",
        "minimize squared + 0.1 * weight_decay subject to hidden_bias <= 0.5",
        "minimize squared + 0.1 * output_l1 subject to hidden_norm <= 1, hidden_bias <= 0.5",
    ),
    page(
        "E0350",
        "a linear solver for a program that is not linear",
        "`lp` (microlp) and `highs` solve linear programs. Squares and Euclidean norms need second-order cones; absolute,\n\
         quantile, epsilon_insensitive and hinge loss with `weight_decay(hidden = l1)`, or with `hidden = linf`, give a\n\
         linear program, and so do steps with `output_l1`.",
        "solve { solver = lp }",
        "solve { solver = auto }",
    ),
    page(
        "E0351",
        "arrangements that cannot promise a global optimum",
        "A model promises `guarantee = global` unless it says otherwise. A sample of the patterns, those of\n\
         given vectors, or data of lower rank, can only give bounds, so the file has to say so.",
        "solve { arrangements = sample(500) }",
        "solve { arrangements = sample(500); guarantee = bounded }",
    ),
    page(
        "E0352",
        "`from_gates` without a gated layer",
        "`from_gates` takes the cells from the gates of `gated_relu`; another activation has none.",
        "solve { arrangements = from_gates }",
        "solve { arrangements = generate }",
    ),
    page(
        "E0353",
        "the native solver for a loss with exponentials",
        "cvxc's own interior-point method knows straight and second-order cones. The logistic and the poisson loss\n\
         need exponential cones, which Clarabel has.",
        "minimize logistic + 0.1 * weight_decay\nsolve { solver = native }",
        "minimize logistic + 0.1 * weight_decay\nsolve { solver = auto }",
    ),
    page(
        "E0354",
        "cells to choose in a model with gates",
        "A gated layer has one group of weights per gate and no cells besides, so there is nothing to sample or to list.\n\
         `generate` (the default, and `from_gates` is the same) adds gates by price until none is worth adding; `all` puts\n\
         every gate into one program.",
        "network [x1, x2] -> dense(bias) -> gated_relu(gates = 200) -> dense -> y\nsolve { arrangements = sample(500); guarantee = bounded }",
        "network [x1, x2] -> dense(bias) -> gated_relu(gates = 200) -> dense -> y\nsolve { arrangements = generate }",
    ),
    page(
        "E0355",
        "low rank where nothing is known of what it costs",
        "`low_rank(k)` trains on the nearest data of rank k and turns what it finds into two bounds for the data themselves. The\n\
         distance between both data is a length, and a weight vector w feels it by at most its own length times that: so the hidden\n\
         weights have to be measured by l2, all of them have to cost something, and the activation must not jump.",
        "minimize squared + 0.1 * weight_decay(hidden = l1)\nsolve { arrangements = low_rank(1); guarantee = bounded }",
        "minimize squared + 0.1 * weight_decay\nsolve { arrangements = low_rank(1); guarantee = bounded }",
    ),
    page(
        "E0360",
        "too many patterns to list",
        "`arrangements = all` puts every cell into one program, and their number grows like rows^(rank-1). Beyond\n\
         `max_patterns` that is refused with the count; `generate` adds cells by price and proves the same optimum.",
        "solve { arrangements = all; max_patterns = 10 }",
        "solve { arrangements = generate }",
    ),
    page(
        "E0361",
        "a solver or a format that is not in this build",
        "HiGHS is built from source, which needs cmake, libclang and a C++ compiler, so a plain build does without it:\n\
         `cargo install --path . --features highs` has it. `lp` solves the same programs by microlp, which is always there.\n\
         Files of columns, `parquet` and `arrow`, are read by a build with `--features parquet`, which needs nothing else.",
        "minimize absolute + 0.1 * weight_decay(hidden = l1)\nsolve { solver = highs }",
        "minimize absolute + 0.1 * weight_decay(hidden = l1)\nsolve { solver = lp }",
    ),
];
