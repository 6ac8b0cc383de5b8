//! Ctrl-C: the first one asks the solve to end cleanly, the second one quits.

use std::sync::atomic::{AtomicUsize, Ordering};

static PRESSED: AtomicUsize = AtomicUsize::new(0);

/// The shell's code for a process ended by Ctrl-C.
const QUIT: i32 = 130;

/// Listens from now on.  A second handler in one process changes nothing.
pub fn listen(quiet: bool) {
    let handler = move || {
        if PRESSED.fetch_add(1, Ordering::SeqCst) > 0 {
            std::process::exit(QUIT);
        }
        if !quiet {
            eprintln!("\nstopping: what is known so far will be written; Ctrl-C again quits at once");
        }
    };
    // Without a handler Ctrl-C still ends the process, only less politely.
    let _ = ctrlc::set_handler(handler);
}

/// Whether Ctrl-C was pressed.
pub fn pressed() -> bool {
    PRESSED.load(Ordering::SeqCst) > 0
}
