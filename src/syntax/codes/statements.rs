//! Pages about statements, settings, parameters and the command line.

use super::{Code, apart, page, whole};

pub const CODES: &[Code] = &[
    page(
        "E0100",
        "a line starts with a word that starts no statement",
        "Every statement starts with its keyword at the start of a line: cvx, use, param, path, activation, data,\n\
         network, minimize, solve, output. Anything else there is a misspelt keyword or a line that should continue\n\
         the one above, which it does inside brackets, after an operator and around `->`.",
        "activaton hat(x) = max(0, x)",
        "activation hat(x) = max(0, x)",
    ),
    page(
        "E0101",
        "the file is written for another version of the language",
        "`cvx 1` says that a file is written in version 1, and such a file keeps its meaning for ever. New words come\n\
         with a new number, which an older cvxc does not know.",
        "cvx 2",
        "cvx 1",
    ),
    page(
        "E0102",
        "`cvx` is not the first statement",
        "The version decides how everything behind it is read, so it stands at the top.",
        "param beta = 0.1\ncvx 1",
        "cvx 1\nparam beta = 0.1",
    ),
    page(
        "E0103",
        "a statement stands twice",
        "A model has one data set, one network, one objective, and at most one `cvx`, `solve` and `output`. Only\n\
         `use`, `param`, `path` and `activation` may repeat, each for another name.",
        "minimize squared + weight_decay\nminimize absolute + weight_decay",
        "minimize squared + weight_decay",
    ),
    page(
        "E0105",
        "a parameter is given a whole grid",
        "A parameter holds one number: the one that `cvxc solve` uses. The values that `cvxc path` walks through are\n\
         a statement of their own, so that a model without `path` runs as it stands.",
        "param beta = logspace(1e-4, 10, 25)",
        "param beta = 0.1\npath beta = logspace(1e-4, 10, 25)",
    ),
    page(
        "E0106",
        "a parameter is declared twice",
        "Which of the two values is meant cannot be told. Keep one declaration; the command line changes it with\n\
         `--set`.",
        "param beta = 0.1\nparam beta = 1",
        "param beta = 0.1",
    ),
    page(
        "E0107",
        "a parameter takes the name of a built-in word",
        "The words of the objective mean the same in every file, so parameters cannot redefine them.",
        "param squared = 1",
        "param scale = 1",
    ),
    page(
        "E0110",
        "a block has no such setting",
        "Each block knows a closed list of settings; a misspelt one would otherwise be ignored without a word. The\n\
         message lists the known ones or names the nearest.",
        "solve { arrangement = all }",
        "solve { arrangements = all }",
    ),
    page(
        "E0111",
        "a setting needs a value of another type",
        "A setting knows its type: a number, a share such as 20%, a time such as 10 min, an amount of memory such as\n\
         8 GB, a text, a column, a list or a range. A bare number for a time is refused rather than guessed.",
        "solve { time = 10 }",
        "solve { time = 10 min }",
    ),
    page(
        "E0112",
        "a setting is given twice",
        "Which of the two values is meant cannot be told.",
        "solve { gap = 1e-3; gap = 1e-6 }",
        "solve { gap = 1e-6 }",
    ),
    page(
        "E0113",
        "a value is out of range",
        "The value has the right type and lies outside what the setting allows: a share of more than all, a range\n\
         that ends before it begins, a gap of 1 or more, a division by zero, a number beyond 1e400.",
        "solve { gap = 2 }",
        "solve { gap = 1e-6 }",
    ),
    page(
        "E0114",
        "a setting does not know this choice",
        "The setting takes one of a few words; the message lists them or names the nearest.",
        "solve { solver = clarable }",
        "solve { solver = clarabel }",
    ),
    page(
        "E0115",
        "a call has an argument too many, or one of another name",
        "Arguments are given by position or by name, each once. The message lists what the call takes.",
        "data sinusoid(pionts = 60)\nnetwork x -> dense(bias) -> relu -> dense -> y",
        "data sinusoid(points = 60)\nnetwork x -> dense(bias) -> relu -> dense -> y",
    ),
    page(
        "E0116",
        "an unknown unit",
        "The units are %, ms, s, min, h, kB, MB and GB. A number in front of a name is not a product: that is written\n\
         with `*`.",
        "solve { time = 10 minutes }",
        "solve { time = 10 min }",
    ),
    page(
        "E0117",
        "an unknown parameter",
        "A name stands where a number is needed, and no `param` declares it. Parameters are declared above their use.",
        "solve { gap = small }",
        "param small = 1e-9\nsolve { gap = small }",
    ),
    page(
        "E0118",
        "a call needs an argument",
        "The call has no default for this argument: a file needs its path, `lag` its column and steps, `huber` its\n\
         corner.",
        "minimize huber + 0.1 * weight_decay",
        "minimize huber(1.35) + 0.1 * weight_decay",
    ),
    apart(
        "E0120",
        "`--set` names a parameter that the model does not have",
        "Only declared parameters can be overridden, so a misspelt name is an error instead of a run that silently\n\
         ignores it.",
        "cvxc solve xor.cvx --set betta=0.5",
        "cvxc solve xor.cvx --set beta=0.5",
    ),
    apart(
        "E0121",
        "`--set` gives something that is not a number",
        "Parameters are plain numbers.",
        "cvxc solve xor.cvx --set beta=half",
        "cvxc solve xor.cvx --set beta=0.5",
    ),
    apart(
        "E0122",
        "`--set` gives no value",
        "The form is NAME=VALUE, without blanks.",
        "cvxc solve xor.cvx --set beta",
        "cvxc solve xor.cvx --set beta=0.5",
    ),
    page(
        "E0130",
        "an unknown data source",
        "Data come from csv, tsv, npy, npz, parquet, arrow and libsvm files, from an inline table, or from the seeded toys\n\
         spirals, xor and sinusoid.",
        "data excel(\"a.xlsx\")",
        "data csv(\"a.csv\")",
    ),
    whole(
        "E0140",
        "a statement is missing",
        "A model needs a `data`, a `network` and a `minimize` statement; everything else has a default.",
        "cvx 1\ndata xor()",
        "cvx 1\ndata xor()\nnetwork [x1, x2] -> dense(bias) -> relu -> dense -> y\nminimize squared + 0.01 * weight_decay",
    ),
];
