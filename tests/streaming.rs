//! Cells are shown without being held: four million of them in the memory of a few.
//!
//! The only test of its process, so that the process's peak of memory is its own.
#![cfg(all(feature = "solve", target_os = "linux"))]

use cvxc::arrangement::{self, Lines};
use cvxc::problem::{Matrix, Random};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The most memory this process has had so far, in kB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells the peak");
    line.trim().strip_suffix(" kB").expect("in kB").parse().unwrap()
}

#[test]
fn four_million_cells_of_two_thousand_rows_pass_in_fifty_megabytes() {
    let mut random = Random::new(5);
    let x = Matrix::new(2000, 3, (0..6000).map(|_| random.normal()).collect());
    let before = peak();
    let (cells, facets) = (AtomicU64::new(0), AtomicU64::new(0));
    arrangement::visit(&Lines::new(&x), &|| false, |cell| {
        cells.fetch_add(1, Relaxed);
        facets.fetch_add(cell.facet_count() as u64, Relaxed);
    })
    .unwrap();
    // Cover: 2 (1 + 1999 + 1999 · 1998 / 2).  At rank 3 a cell is a polygon on the sphere, and Euler counts the sides of all:
    // every line is cut into 2 · 1999 pieces, and each lies between two cells.
    assert_eq!(cells.into_inner(), 3_998_002);
    assert_eq!(facets.into_inner(), 2 * 2000 * 2 * 1999);
    assert!(peak() - before < 50_000, "{} kB more than the {before} kB before", peak() - before);
}
