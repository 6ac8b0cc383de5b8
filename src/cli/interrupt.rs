//! Ctrl-C: the first one asks the solve to end cleanly, the second one quits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The shell's code for a process ended by Ctrl-C.
const QUIT: i32 = 130;

/// What most commands keep.
pub const KEPT: &str = "what is known so far will be written";

/// Listens from now on; the flag is raised by the first Ctrl-C, which says what is `kept`.
pub fn listen(quiet: bool, kept: &'static str) -> Arc<AtomicBool> {
    let pressed = Arc::new(AtomicBool::new(false));
    let flag = pressed.clone();
    let handler = move || {
        if flag.swap(true, Ordering::SeqCst) {
            std::process::exit(QUIT);
        }
        if !quiet {
            eprintln!("\nstopping: {kept}; Ctrl-C again quits at once");
        }
    };
    // Without a handler Ctrl-C still ends the process, only less politely.
    let _ = ctrlc::set_handler(handler);
    pressed
}
