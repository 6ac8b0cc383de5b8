//! Arguments in, exit code out.

fn main() -> std::process::ExitCode {
    cvxc::cli::run(std::env::args_os()).into()
}
