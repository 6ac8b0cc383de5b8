//! Homogeneous inequalities a·θ >= 0 and a·θ > 0 in integers: a θ that meets all of them, or multipliers that show there is none.
//!
//! By Motzkin there is none iff Σ λ_j a_j = 0 for some λ >= 0 with a strict one positive.  That is the linear program
//! ```text
//!   minimise Σ_k (p_k + n_k) + M q   subject to  Σ λ_j a_j + p - n = 0,   Σ_strict λ_j + q = 1,   all >= 0
//! ```
//! whose dual is the θ with |θ_k| <= 1 that is deepest within the strict inequalities: max δ <= M with a_j·θ >= δ, or >= 0 for the weak.
//! The simplex method runs on the exact inverse of its basis, N / d in integers (Bareiss); floating point only guesses which column
//! enters.  Ties in the ratio test are broken lexicographically, so it ends whatever enters.

use crate::exact::{Integer, linear};

/// Pivots after which nothing is said.
const PIVOTS: usize = 20_000;

/// What a system of inequalities has.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A solution, up to a positive factor.
    Point(Vec<Integer>),
    /// None: Σ λ_j a_j = 0 for these j and λ_j > 0.
    Never(Vec<(usize, Integer)>),
    /// Given up.
    Unknown,
}

/// a·θ >= 0, or > 0.
struct Demand {
    /// a times 2^shift, so that all are of one size.
    a: Vec<Integer>,
    shift: usize,
    /// a over its size.
    floats: Vec<f64>,
    strict: bool,
    /// The inequalities of the largest weight are looked at first.
    weight: f64,
}

/// A column of the program.
#[derive(Clone, Copy, PartialEq)]
enum Column {
    Demand(usize),
    /// p_k and n_k, and q.
    Up(usize),
    Down(usize),
    Whole,
}

/// A system that can grow, and the basis where the search stands.
pub struct Demands {
    size: usize,
    bits: i32,
    demands: Vec<Demand>,
    basis: Vec<Column>,
    /// N, a row for each basic column, and d.
    inverse: Vec<Vec<Integer>>,
    d: Integer,
    /// M.
    most: Integer,
}

impl Demands {
    /// No inequality yet, on θ of `size` entries; `bits` are those of the largest entry to come.
    pub fn new(size: usize, bits: i32) -> Self {
        let one = |i: usize, j: usize| if i == j { Integer::ONE } else { Integer::ZERO };
        let basis = (0..size).map(Column::Up).chain([Column::Whole]).collect();
        let inverse = (0..=size).map(|i| (0..=size).map(|j| one(i, j)).collect()).collect();
        let most = Integer::ONE << (bits as usize + size + 2);
        Demands { size, bits, demands: Vec::new(), basis, inverse, d: Integer::ONE, most }
    }

    /// Adds a·θ >= 0, or > 0, and with `opposite` -a for a.
    pub fn add(&mut self, a: &[Integer], opposite: bool, strict: bool, weight: f64) {
        let bits = linear::bits(a);
        let shift = usize::try_from(self.bits - bits).unwrap_or(0);
        let signed = |x: &Integer| if opposite { -(x << shift) } else { x << shift };
        let a: Vec<Integer> = a.iter().map(signed).collect();
        let floats = a.iter().map(|x| linear::scaled(x, bits + shift as i32)).collect();
        self.demands.push(Demand { a, shift, floats, strict, weight });
    }

    /// Any solution, or with `deep` the deepest one.
    pub fn solve(&mut self, deep: bool) -> Answer {
        for _ in 0..PIVOTS {
            let prices = self.prices();
            let theta: Vec<Integer> = prices[..self.size].iter().map(|y| -y).collect();
            let look = self.look(&theta, &prices[self.size]);
            if !deep && look.met && self.meets(&theta, &look.close) {
                return Answer::Point(theta);
            }
            let entering = look.entering.or_else(|| self.artificial(&prices)).or_else(|| self.exactly(&prices, &look.unsure));
            let Some(entering) = entering else { return self.settled(theta, &prices[self.size]) };
            if !self.pivot(entering) {
                return Answer::Unknown;
            }
        }
        Answer::Unknown
    }

    fn settled(&self, theta: Vec<Integer>, depth: &Integer) -> Answer {
        if linear::sign(depth) > 0 {
            return Answer::Point(theta);
        }
        let used = self.basis.iter().zip(&self.inverse).filter_map(|(column, row)| match column {
            Column::Demand(j) if row[self.size] != Integer::ZERO => Some((*j, &row[self.size] << self.demands[*j].shift)),
            _ => None,
        });
        let mut used: Vec<(usize, Integer)> = used.collect();
        let mut multipliers: Vec<Integer> = used.iter().map(|(_, x)| x.clone()).collect();
        linear::shorten(&mut multipliers);
        used.iter_mut().zip(multipliers).for_each(|((_, x), short)| *x = short);
        used.sort_by_key(|(j, _)| *j);
        Answer::Never(used)
    }

    /// d y = Σ_i cost_i N_i.
    fn prices(&self) -> Vec<Integer> {
        let mut sum = vec![Integer::ZERO; self.size + 1];
        for (column, row) in self.basis.iter().zip(&self.inverse) {
            match column {
                Column::Demand(_) => {}
                Column::Up(_) | Column::Down(_) => sum.iter_mut().zip(row).for_each(|(s, x)| *s += x),
                Column::Whole => sum.iter_mut().zip(row).for_each(|(s, x)| *s += &self.most * x),
            }
        }
        sum
    }

    /// What floating point says of every inequality at θ and depth δ (both times d).
    fn look(&self, theta: &[Integer], depth: &Integer) -> Look {
        let unit = linear::bits(std::slice::from_ref(&self.d));
        let whole = linear::scaled(&self.d, unit);
        let float = |x: &Integer| linear::scaled(x, unit) / whole;
        let theta: Vec<f64> = theta.iter().map(float).collect();
        let depth = libm::scalbn(float(depth), -self.bits);
        let mut look = Look { met: true, close: Vec::new(), entering: None, unsure: Vec::new() };
        let mut best = (f64::NEG_INFINITY, 0.0);
        for (j, demand) in self.demands.iter().enumerate() {
            let (mut value, mut size) = (0.0, f64::MIN_POSITIVE);
            demand.floats.iter().zip(&theta).for_each(|(a, x)| {
                value += a * x;
                size += (a * x).abs();
            });
            let level = if demand.strict { depth } else { 0.0 };
            let slack = (self.size as f64 + 8.0) * f64::EPSILON * (size + level.abs());
            look.met &= value >= -slack;
            if value.abs() <= slack {
                look.close.push(j);
            }
            let missing = level - value;
            if missing > slack {
                if (demand.weight, missing) > best {
                    (best, look.entering) = ((demand.weight, missing), Some(Column::Demand(j)));
                }
            } else if missing >= -slack {
                look.unsure.push(j);
            }
        }
        look
    }

    /// Whether θ meets these inequalities, the others being met for sure.
    fn meets(&self, theta: &[Integer], close: &[usize]) -> bool {
        close.iter().all(|&j| {
            let sign = linear::sign(&linear::dot(&self.demands[j].a, theta));
            sign > 0 || (sign == 0 && !self.demands[j].strict)
        })
    }

    /// A p, n or q whose reduced cost is negative.
    fn artificial(&self, prices: &[Integer]) -> Option<Column> {
        let negative = -&self.d;
        let side = |(k, y): (usize, &Integer)| match y {
            y if *y > self.d => Some(Column::Up(k)),
            y if *y < negative => Some(Column::Down(k)),
            _ => None,
        };
        let whole = || (prices[self.size] > &self.most * &self.d).then_some(Column::Whole);
        prices[..self.size].iter().enumerate().find_map(side).or_else(whole)
    }

    /// One of the unsure columns whose reduced cost is really negative.
    fn exactly(&self, prices: &[Integer], unsure: &[usize]) -> Option<Column> {
        let negative = |j: &&usize| {
            let demand = &self.demands[**j];
            let mut gain = linear::dot(&demand.a, &prices[..self.size]);
            if demand.strict {
                gain += &prices[self.size];
            }
            linear::sign(&gain) > 0
        };
        unsure.iter().find(negative).map(|j| Column::Demand(*j))
    }

    /// N times a column.
    fn along(&self, column: Column) -> Vec<Integer> {
        let entry = |row: &Vec<Integer>| match column {
            Column::Demand(j) => {
                let demand = &self.demands[j];
                let sum = linear::dot(&demand.a, &row[..self.size]);
                if demand.strict { sum + &row[self.size] } else { sum }
            }
            Column::Up(k) => row[k].clone(),
            Column::Down(k) => -&row[k],
            Column::Whole => row[self.size].clone(),
        };
        self.inverse.iter().map(entry).collect()
    }

    /// Brings a column into the basis; false if none can leave.
    fn pivot(&mut self, entering: Column) -> bool {
        let along = self.along(entering);
        let candidates = (0..along.len()).filter(|&i| linear::sign(&along[i]) > 0);
        let Some(leaving) = candidates.reduce(|best, i| if self.before(i, best, &along) { i } else { best }) else { return false };
        let pivot = along[leaving].clone();
        let row = self.inverse[leaving].clone();
        for (i, factor) in along.iter().enumerate().filter(|(i, _)| *i != leaving) {
            for (x, p) in self.inverse[i].iter_mut().zip(&row) {
                *x = (&pivot * &*x - factor * p) / &self.d;
            }
        }
        (self.d, self.basis[leaving]) = (pivot, entering);
        true
    }

    /// Whether row i over its entry comes before row k over its own, the last column first.
    fn before(&self, i: usize, k: usize, along: &[Integer]) -> bool {
        let order = |c: usize| (&self.inverse[i][c] * &along[k]).cmp(&(&self.inverse[k][c] * &along[i]));
        let order = [self.size].into_iter().chain(0..self.size).map(order).find(|order| order.is_ne());
        order.is_some_and(std::cmp::Ordering::is_lt)
    }
}

/// What floating point says of all inequalities.
struct Look {
    /// Whether none is surely violated, and which are too close to be sure of.
    met: bool,
    close: Vec<usize>,
    /// A column that surely lowers the cost, and those that may.
    entering: Option<Column>,
    unsure: Vec<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Random;

    fn integers(values: &[i64]) -> Vec<Integer> {
        values.iter().map(|&v| Integer::from(v)).collect()
    }

    fn system(rows: &[(Vec<i64>, bool)]) -> Demands {
        let mut demands = Demands::new(rows[0].0.len(), 8);
        rows.iter().for_each(|(a, strict)| demands.add(&integers(a), false, *strict, 0.0));
        demands
    }

    #[test]
    fn ties_are_decided_exactly() {
        // x >= 0 and -x >= 0 leave x = 0; a strict one leaves nothing.
        let both = |strict| system(&[(vec![1, 0], false), (vec![-1, 0], strict), (vec![0, 1], true)]).solve(false);
        let Answer::Point(point) = both(false) else { panic!() };
        assert!(point[0] == Integer::ZERO && point[1] > Integer::ZERO);
        assert_eq!(both(true), Answer::Never(vec![(0, Integer::ONE), (1, Integer::ONE)]));
    }

    #[test]
    fn every_answer_is_what_it_says() {
        let mut random = Random::new(5);
        let (mut points, mut nevers) = (0, 0);
        for round in 0..400 {
            let (size, count) = (1 + round % 4, 2 + random.below(9));
            let row = |random: &mut Random| (0..size).map(|_| random.below(5) as i64 - 2).collect::<Vec<i64>>();
            let mut rows: Vec<(Vec<i64>, bool)> = (0..count).map(|_| (row(&mut random), random.below(2) == 0)).collect();
            rows.push((row(&mut random), true));
            for deep in [false, true] {
                match system(&rows).solve(deep) {
                    Answer::Point(theta) => {
                        points += 1;
                        for (a, strict) in &rows {
                            let sign = linear::sign(&linear::dot(&integers(a), &theta));
                            assert!(sign > 0 || (sign == 0 && !strict), "{rows:?} {theta:?}");
                        }
                    }
                    Answer::Never(used) => {
                        nevers += 1;
                        assert!(used.iter().any(|(j, _)| rows[*j].1) && used.iter().all(|(_, m)| *m > Integer::ZERO));
                        for k in 0..size {
                            let sum = used.iter().fold(Integer::ZERO, |sum, (j, m)| sum + m * Integer::from(rows[*j].0[k]));
                            assert_eq!(sum, Integer::ZERO, "{rows:?} {used:?}");
                        }
                    }
                    Answer::Unknown => panic!("{rows:?}"),
                }
            }
        }
        assert!(points > 100 && nevers > 100, "{points} {nevers}");
    }
}
