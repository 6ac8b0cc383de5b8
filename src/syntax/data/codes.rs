//! The codes of data errors: what each one means and what to do.

/// Code, title, explanation.
pub const CODES: &[(&str, &str, &str)] = &[
    (
        "E0401",
        "ragged row",
        "A row has more or fewer values than there are columns. Often a separator stands inside a value: put the value in double quotes, or say which character separates values with `separator`.",
    ),
    (
        "E0402",
        "file cannot be read",
        "The file is not there, is a folder, or may not be opened. A path is relative to the folder of the model file.",
    ),
    ("E0403", "no rows", "The file is empty, holds only column names, or is too short for the lags that are asked for."),
    ("E0404", "not UTF-8", "Text files are read as UTF-8. Column names, labels and used numbers must be; save the file as UTF-8."),
    ("E0405", "duplicate column name", "Two columns have the same name, so a name would not say which one is meant. Rename one of them."),
    (
        "E0406",
        "not a NumPy file",
        "An npy or npz file is damaged, cut off, or holds something other than plain numbers or text. Save the array with `numpy.save(path, a.astype(\"float64\"))`.",
    ),
    (
        "E0407",
        "arrays of different length",
        "Every array of an npz file that a model uses must have the same first dimension, one entry per row.",
    ),
    (
        "E0408",
        "not a libsvm line",
        "A line of a libsvm file is `label index:value index:value ...` with indices that start at 1 and increase.",
    ),
    ("E0409", "bad separator", "The separator must be one ASCII character that cannot be part of a number, such as `,` `;` `|` or a tab."),
    (
        "E0410",
        "missing value",
        "A cell is empty, or holds `NA`, `N/A`, `NaN`, `null`, `none` or `?`. Set `missing = drop` to leave out such rows, or `missing = mean` to fill in the mean of the training rows. A missing target is never filled in.",
    ),
    (
        "E0411",
        "not a number",
        "An input column holds text. Dates, thousands separators, decimal commas and units are not read as numbers; write plain decimals, or leave the column out with `drop`.",
    ),
    ("E0412", "number too large", "A value is infinite or beyond the range of a double (1.8e308), or becomes so when it is scaled."),
    ("E0413", "mean unknown", "A column has no value in any training row, so `missing = mean` has nothing to fill in."),
    (
        "E0420",
        "too many classes",
        "A two-class loss, or a column of text under a loss for numbers, needs exactly two labels among the rows that are used. Choose two with `keep`.",
    ),
    (
        "E0421",
        "one class only",
        "All rows, or all training rows, have the same label. There is nothing to separate; check `rows`, `keep` and `test`.",
    ),
    (
        "E0422",
        "unknown label",
        "`positive` or `keep` names a label that the target column does not have, or the test file holds one that the training file has not.",
    ),
    (
        "E0423",
        "no classes",
        "The target of a two-class loss has more than 10000 different values. It is a number: use a loss for numbers, such as `squared`.",
    ),
    (
        "E0430",
        "rows that are not there",
        "A range of rows begins at 0, runs backwards, or ends behind the last row. Rows are counted from 1, after the header; both ends are in.",
    ),
    ("E0431", "no rows left", "After `rows`, `keep`, `missing`, lags and `test` no row is left to train on, or none to test on."),
    ("E0432", "test rows are training rows", "`rows` and `test = rows(...)` have rows in common, so a test would measure memory."),
    (
        "E0434",
        "columns that cannot go in",
        "The inputs are empty, repeat a column, hold the target or a dropped column, run backwards through the file, or take in a column without a name.",
    ),
    (
        "E0435",
        "bad lag",
        "`lag(column, first..last)` takes values of earlier rows: first must not be larger than last, and lag 0 of the target is the value to predict.",
    ),
    (
        "E0440",
        "too much data",
        "The columns that are used do not fit in the memory that may be used. Use fewer rows with `rows = 1..n`, fewer columns, or allow more with `solve { memory = ... }`.",
    ),
    ("E0441", "too many columns", "A source may have at most 1048576 columns."),
];
