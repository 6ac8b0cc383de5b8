//! A panic is a bug in cvxc, and says so.

use std::panic::PanicHookInfo;

/// Replaces Rust's panic message; the exit code stays 101.
pub fn report_panics() {
    let earlier = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        #[cfg(feature = "parquet")]
        if crate::syntax::data::decoding() {
            return;
        }
        eprintln!("{}", message(panic));
        if std::env::var_os("RUST_BACKTRACE").is_some() {
            earlier(panic);
        }
    }));
}

fn message(panic: &PanicHookInfo) -> String {
    let place = panic.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
    let payload = panic.payload();
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let what = text.unwrap_or("no message");
    let repository = env!("CARGO_PKG_REPOSITORY");
    let tracker = if repository.is_empty() { "cvxc's issue tracker" } else { repository };
    format!(
        "\nbug: cvxc {} came to a state it holds to be impossible{place}: {what}\n\
         Your model is not to blame.  Please report it to {tracker} with this text and the model;\n\
         RUST_BACKTRACE=1 adds where it happened.  No result was written.",
        env!("CARGO_PKG_VERSION")
    )
}
