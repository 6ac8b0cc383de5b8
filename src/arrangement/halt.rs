//! When a walk ends early: somebody asked for it, or there are more cells than allowed.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// Why the cells were not all visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The caller's `interrupted` said so.
    Interrupted,
    /// There are more cells than the limit, or the rank is so high (beyond 32, or cones of more than 131,072 rays) that nobody can wait for them.
    TooMany,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stop::Interrupted => "the listing of cells was interrupted",
            Stop::TooMany => "the data has more cells than allowed: sample them instead of listing all",
        })
    }
}

impl std::error::Error for Stop {}

/// Cells between two looks at the world.
const PERIOD: u32 = 1 << 8;

/// Cones with so many rays take long enough to be worth a look.
const LARGE: usize = 1 << 8;
/// Cones with more rays are not split: pairs of rays would take minutes, and their number grows without bound.
const LARGEST: usize = 1 << 17;

/// Shared by all cores.
pub(super) struct Halt<'a> {
    interrupted: &'a (dyn Fn() -> bool + Sync),
    limit: u64,
    seen: AtomicU64,
    interrupt: AtomicBool,
    overflow: AtomicBool,
}

impl<'a> Halt<'a> {
    /// `limit` counts the cells of one half space.
    pub fn new(interrupted: &'a (dyn Fn() -> bool + Sync), limit: u64) -> Self {
        Halt { interrupted, limit, seen: AtomicU64::new(0), interrupt: AtomicBool::new(false), overflow: AtomicBool::new(false) }
    }

    /// Looks at the world before a large cone is split, and gives up before one is too large to be held.
    #[inline]
    pub fn work(&self, ticks: &mut u32, rays: usize) -> ControlFlow<()> {
        if rays < LARGE {
            return ControlFlow::Continue(());
        }
        if rays > LARGEST {
            self.overflow.store(true, Relaxed);
        }
        self.look(u64::from(std::mem::take(ticks)))
    }

    /// Counts cells in `ticks`, and looks at the world now and then.
    #[inline]
    pub fn tick(&self, ticks: &mut u32, cells: u32) -> ControlFlow<()> {
        *ticks += cells;
        if *ticks < PERIOD { ControlFlow::Continue(()) } else { self.look(u64::from(std::mem::take(ticks))) }
    }

    /// Whether to go on, after so many more cells.
    #[cold]
    pub fn look(&self, cells: u64) -> ControlFlow<()> {
        let seen = self.seen.fetch_add(cells, Relaxed) + cells;
        if (self.interrupted)() {
            self.interrupt.store(true, Relaxed);
        }
        if seen > self.limit || self.interrupt.load(Relaxed) || self.overflow.load(Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Why the walk ended early, if it did.
    pub fn verdict(&self) -> Result<(), Stop> {
        match () {
            _ if self.interrupt.load(Relaxed) => Err(Stop::Interrupted),
            _ if self.overflow.load(Relaxed) || self.seen.load(Relaxed) > self.limit => Err(Stop::TooMany),
            _ => Ok(()),
        }
    }
}
