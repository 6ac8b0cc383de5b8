//! Pages about what keeps a file from being read.

use super::{Code, apart, page};

pub const CODES: &[Code] = &[
    page(
        "E0001",
        "the text is not a statement of the language",
        "The reader knows the shape of every statement but not its words; here even the shape is wrong. The message\n\
         says what could have stood at the place and what was found there. Statements begin at the start of a line,\n\
         so several broken statements give several messages in one run.",
        "network [x1, x2] -> dense => relu -> dense -> y",
        "network [x1, x2] -> dense -> relu -> dense -> y",
    ),
    apart(
        "E0002",
        "a file cannot be read",
        "The model file is missing, is not UTF-8 text, may not be read, or is larger than 4 MB. A model says in a few\n\
         lines what is trained; large tables belong in a data file beside it.",
        "cvxc check modle.cvx",
        "cvxc check model.cvx",
    ),
    page(
        "E0003",
        "brackets or operators are nested too deeply",
        "Brackets may nest 64 deep and an expression may hold 400 operators inside one another, far beyond what a\n\
         person writes. The limit keeps damaged and hostile files from exhausting the machine.",
        "param a = (((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1)))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))",
        "param a = 1",
    ),
];
