//! Pages about tables, files and labels.

use super::{Code, page};

pub const CODES: &[Code] = &[
    page(
        "E0401",
        "a row of another length than the header",
        "Every row of a table holds one value per column.",
        "data table {\n  x y\n  0 1 2\n}",
        "data table {\n  x y\n  0 1\n}",
    ),
    page(
        "E0402",
        "a table header that does not name its columns",
        "The first line of a table names its columns, each by a name of its own.",
        "data table {\n  x x\n  0 1\n}",
        "data table {\n  x y\n  0 1\n}",
    ),
    page("E0403", "a table without rows", "There is nothing to learn from.", "data table { x y }", "data table {\n  x y\n  0 1\n}"),
    page(
        "E0410",
        "a missing value",
        "An empty cell is an error unless the model says what to do: leave out its row, or put the column's mean\n\
         there.",
        "data csv(\"a.csv\")",
        "data csv(\"a.csv\") { missing = drop }",
    ),
    page(
        "E0420",
        "labels that do not suit the loss",
        "hinge, squared_hinge and logistic need a target with exactly two classes; keep two of them, or use a loss\n\
         for more.",
        "data csv(\"iris.csv\")",
        "data csv(\"iris.csv\") { keep = [versicolor, virginica] }",
    ),
];
