//! Tables from files, and from tables the dataset of a problem.
