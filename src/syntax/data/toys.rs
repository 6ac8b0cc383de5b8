//! The seeded toys: small tables for documentation and tests that need no download.  Their formulas never change.

use super::Progress;
use super::budget;
use super::table::{Reader, Site, Table, Wish};
use crate::problem::Random;
use crate::syntax::diagnostic::{Diagnostic, Place};
use crate::syntax::model::Toy;
use std::f64::consts::TAU;

/// A table made from a formula and a seed.
pub struct Toys {
    site: Site,
    names: Vec<String>,
    kind: Toy,
    points: usize,
    turns: f64,
    noise: f64,
    seed: u64,
}

impl Toys {
    pub fn open(site: Site, kind: Toy, points: usize, turns: f64, noise: f64, seed: u64) -> Self {
        let names: &[&str] = match kind {
            Toy::Spirals => &["x", "y", "class"],
            Toy::Xor => &["x1", "x2", "y"],
            Toy::Sinusoid => &["x", "y"],
        };
        Toys { site, names: names.iter().map(|name| name.to_string()).collect(), kind, points, turns, noise, seed }
    }

    /// Row `i`; the noise is drawn in the order of the columns.
    fn row(&self, i: usize, random: &mut Random) -> [f64; 3] {
        let mut noise = || self.noise * random.normal();
        match self.kind {
            // Points alternate between the arms; t runs from the rim's side of 0 to 1 along each: (t cos θ, t sin θ), θ = 2π·turns·t (+ π).
            Toy::Spirals => {
                let arm = i % 2;
                let t = (i / 2 + 1) as f64 / self.points.div_ceil(2) as f64;
                let angle = TAU * (self.turns * t + 0.5 * arm as f64);
                [t * libm::cos(angle) + noise(), t * libm::sin(angle) + noise(), 2.0 * arm as f64 - 1.0]
            }
            // The corners (0,0), (0,1), (1,0), (1,1), over and over; +1 where the coordinates differ.
            Toy::Xor => {
                let (a, b) = ((i / 2 % 2) as f64, (i % 2) as f64);
                [a + noise(), b + noise(), if a == b { -1.0 } else { 1.0 }]
            }
            // y = sin(2π·turns·x) on equally spaced x in [0, 1].
            Toy::Sinusoid => {
                let x = i as f64 / (self.points.max(2) - 1) as f64;
                [x, libm::sin(TAU * self.turns * x) + noise(), 0.0]
            }
        }
    }
}

impl Reader for Toys {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn site(&self) -> &Site {
        &self.site
    }

    fn read(&mut self, wish: &Wish, _progress: &mut dyn FnMut(Progress)) -> Result<Table, Diagnostic> {
        let window = wish.within(self.points);
        budget::check(&self.site, wish, window.len() as u64)?;
        let mut fillings = wish.fillings();
        let mut random = Random::new(self.seed);
        for i in 0..window.end {
            let row = self.row(i, &mut random);
            if i < window.start {
                continue;
            }
            for (filling, &(column, _)) in fillings.iter_mut().zip(&wish.columns) {
                filling
                    .push_number(row[column])
                    .map_err(|fault| super::faults::at_cell(&self.site, self.site.place.clone(), &self.names[column], i, fault, "inf"))?;
            }
        }
        Ok(Table::new(window.start, fillings))
    }

    fn place(&self, _row: usize, _column: Option<usize>) -> Place {
        self.site.place.clone()
    }
}
