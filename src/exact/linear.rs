//! Linear algebra over the integers: doubles as integer directions, independent rows and columns, null vectors.

use dashu_int::{
    IBig, Sign, UBig,
    ops::{BitTest, Gcd},
};

/// `value = mantissa · 2^exponent` with an odd mantissa; `None` for zero.  Panics on NaN and infinities.
pub fn parts(value: f64) -> Option<(i64, i32)> {
    assert!(value.is_finite(), "only finite numbers are rational");
    if value == 0.0 {
        return None;
    }
    let bits = value.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    let fraction = (bits & ((1 << 52) - 1)) as i64;
    let (mantissa, exponent) = if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    let zeros = mantissa.trailing_zeros();
    let mantissa = mantissa >> zeros;
    Some((if value < 0.0 { -mantissa } else { mantissa }, exponent + zeros as i32))
}

/// The shortest integer vector on the ray of `values_j · 2^-shift_j`; zero stays zero.
pub fn direction(values: &[f64], shift: &[i32]) -> Vec<IBig> {
    let parts: Vec<_> = values.iter().zip(shift).map(|(&v, s)| parts(v).map(|(m, e)| (m, e - s))).collect();
    let least = parts.iter().flatten().map(|p| p.1).min().unwrap_or(0);
    let whole = |p: &Option<(i64, i32)>| p.map_or(IBig::ZERO, |(m, e)| IBig::from(m) << (e - least) as usize);
    let mut vector: Vec<IBig> = parts.iter().map(whole).collect();
    shorten(&mut vector);
    vector
}

/// Divides by the greatest common divisor of the entries.
pub fn shorten(vector: &mut [IBig]) {
    let mut divisor = UBig::ZERO;
    for entry in vector.iter().filter(|v| !v.is_zero()) {
        divisor = if divisor.is_zero() { entry.clone().into_parts().1 } else { divisor.gcd(entry.clone().into_parts().1) };
        if divisor.is_one() {
            return;
        }
    }
    if !divisor.is_zero() {
        vector.iter_mut().for_each(|v| *v = &*v / &divisor);
    }
}

/// a·b.
pub fn dot(a: &[IBig], b: &[IBig]) -> IBig {
    a.iter().zip(b).filter(|(a, b)| !a.is_zero() && !b.is_zero()).fold(IBig::ZERO, |sum, (a, b)| sum + a * b)
}

/// -1, 0 or 1.
pub fn sign(value: &IBig) -> i8 {
    match value.sign() {
        _ if value.is_zero() => 0,
        Sign::Positive => 1,
        Sign::Negative => -1,
    }
}

/// `value · 2^-shift`, at most 2^-53 of it away (or 2^-1074).
pub fn scaled(value: &IBig, shift: i32) -> f64 {
    let excess = value.bit_len().saturating_sub(120);
    let small = if excess == 0 { value.to_f64().value() } else { (value >> excess).to_f64().value() };
    libm::scalbn(small, excess as i32 - shift)
}

/// The bits of the largest entry.
pub fn bits(vector: &[IBig]) -> i32 {
    vector.iter().map(BitTest::bit_len).max().unwrap_or(0) as i32
}

/// Fraction-free Gauss-Jordan elimination (Bareiss): every division is exact and every pivot equals `pivot` in the end.
struct Elimination {
    /// The rows that were kept, reduced.
    rows: Vec<Vec<IBig>>,
    /// The column of each row's pivot.
    columns: Vec<usize>,
    pivot: IBig,
}

impl Elimination {
    fn new() -> Self {
        Elimination { rows: Vec::new(), columns: Vec::new(), pivot: IBig::ONE }
    }

    /// Takes `row` in; false if it depends on the rows before it.
    fn add(&mut self, row: &[IBig]) -> bool {
        let mut reduced: Vec<IBig> = row.iter().map(|v| v * &self.pivot).collect();
        for (kept, &column) in self.rows.iter().zip(&self.columns) {
            let factor = &row[column];
            if !factor.is_zero() {
                reduced.iter_mut().zip(kept).for_each(|(v, k)| *v -= factor * k);
            }
        }
        let Some(column) = reduced.iter().position(|v| !v.is_zero()) else { return false };
        let next = reduced[column].clone();
        for kept in &mut self.rows {
            let factor = kept[column].clone();
            let entries = kept.iter_mut().zip(&reduced);
            entries.for_each(|(k, v)| *k = (&next * &*k - &factor * v) / &self.pivot);
        }
        self.rows.push(reduced);
        self.columns.push(column);
        self.pivot = next;
        true
    }
}

/// The indices of the first independent rows and of columns that keep them independent.
pub fn independent(rows: &[Vec<IBig>]) -> (Vec<usize>, Vec<usize>) {
    let width = rows.first().map_or(0, Vec::len);
    let quick = modular::independent(rows);
    if quick.0.len() == width.min(rows.len()) {
        // A minor that is not zero modulo a prime is not zero.
        return quick;
    }
    let mut elimination = Elimination::new();
    let chosen = (0..rows.len()).filter(|&i| elimination.add(&rows[i])).collect();
    elimination.columns.sort_unstable();
    (chosen, elimination.columns)
}

/// The vector (up to sign and scale) that every row annuls; `None` unless there is exactly one.
pub fn null_vector<'a>(rows: impl IntoIterator<Item = &'a Vec<IBig>>, width: usize) -> Option<Vec<IBig>> {
    let mut elimination = Elimination::new();
    for row in rows {
        if elimination.rows.len() + 1 < width {
            elimination.add(row);
        }
    }
    if elimination.rows.len() + 1 != width {
        return None;
    }
    let free = (0..width).find(|c| !elimination.columns.contains(c))?;
    let mut vector = vec![IBig::ZERO; width];
    for (row, &column) in elimination.rows.iter().zip(&elimination.columns) {
        vector[column] = -&row[free];
    }
    vector[free] = elimination.pivot;
    shorten(&mut vector);
    Some(vector)
}

mod modular {
    //! Elimination modulo 2^61 - 1: fast, and never claims more independence than there is.

    use super::IBig;

    const PRIME: u64 = (1 << 61) - 1;

    fn times(a: u64, b: u64) -> u64 {
        (u128::from(a) * u128::from(b) % u128::from(PRIME)) as u64
    }

    fn inverse(a: u64) -> u64 {
        let (mut power, mut base, mut exponent) = (1, a, PRIME - 2);
        while exponent > 0 {
            if exponent & 1 == 1 {
                power = times(power, base);
            }
            base = times(base, base);
            exponent >>= 1;
        }
        power
    }

    fn residue(value: &IBig) -> u64 {
        let rest = i64::try_from(value % IBig::from(PRIME)).expect("a rest is below the prime");
        if rest < 0 { (rest + PRIME as i64) as u64 } else { rest as u64 }
    }

    /// Rows and columns of a minor that is not zero modulo the prime.
    pub fn independent(rows: &[Vec<IBig>]) -> (Vec<usize>, Vec<usize>) {
        let width = rows.first().map_or(0, Vec::len);
        let (mut kept, mut chosen, mut columns) = (Vec::<Vec<u64>>::new(), Vec::new(), Vec::<usize>::new());
        for (i, row) in rows.iter().enumerate() {
            if chosen.len() == width {
                break;
            }
            let mut reduced: Vec<u64> = row.iter().map(residue).collect();
            for (pivot, &column) in kept.iter().zip(&columns) {
                subtract(&mut reduced, pivot, column);
            }
            let Some(column) = reduced.iter().position(|&v| v != 0) else { continue };
            let scale = inverse(reduced[column]);
            reduced.iter_mut().for_each(|v| *v = times(*v, scale));
            kept.push(reduced);
            columns.push(column);
            chosen.push(i);
        }
        columns.sort_unstable();
        (chosen, columns)
    }

    /// Clears `column` of `row` with a pivot row that has 1 there.
    fn subtract(row: &mut [u64], pivot: &[u64], column: usize) {
        let factor = row[column];
        if factor != 0 {
            let entries = row.iter_mut().zip(pivot);
            entries.for_each(|(v, p)| *v = (*v + PRIME - times(factor, *p)) % PRIME);
        }
    }
}

/// The sign of a·b for finite doubles, from their integers: where faster ways are in doubt.
#[cold]
pub fn sign_of_product(a: &[f64], b: &[f64]) -> i8 {
    let integers = |values: &[f64]| direction(values, &vec![0; values.len()]);
    sign(&dot(&integers(a), &integers(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integers(values: &[i64]) -> Vec<IBig> {
        values.iter().map(|&v| IBig::from(v)).collect()
    }

    #[test]
    fn doubles_become_their_shortest_integer_direction() {
        assert_eq!(direction(&[0.75, -1.5, 0.0], &[0; 3]), integers(&[1, -2, 0]));
        assert_eq!(direction(&[0.75, -1.5, 6.0], &[0, 1, 1]), integers(&[1, -1, 4]));
        assert_eq!(direction(&[5e-324, -1e-323], &[0; 2]), integers(&[1, -2]));
        assert_eq!(direction(&[0.0, -0.0], &[0; 2]), integers(&[0, 0]));
    }

    #[test]
    fn independence_is_exact() {
        let rows = [integers(&[1, 2, 3]), integers(&[2, 4, 6]), integers(&[0, 1, 1]), integers(&[1, 3, 4])];
        assert_eq!(independent(&rows), (vec![0, 2], vec![0, 1]));
        // A row that is a multiple of the prime is zero to the quick test only.
        let prime = (1i64 << 61) - 1;
        assert_eq!(independent(&[integers(&[prime, 0]), integers(&[0, 1])]).0, [0, 1]);
    }

    #[test]
    fn null_vectors_annul() {
        let rows = [integers(&[1, 2, 3]), integers(&[2, 4, 6]), integers(&[4, 5, 6])];
        let vector = null_vector(&rows, 3).unwrap();
        assert!(rows.iter().all(|row| dot(row, &vector).is_zero()));
        assert_eq!(null_vector(&rows[..2], 3), None);
        assert_eq!(null_vector(&rows[..0], 1), Some(integers(&[1])));
    }

    #[test]
    fn large_integers_are_rounded_well() {
        let value = (IBig::from(3) << 2000) + IBig::from(1);
        assert_eq!(scaled(&value, 2000), 3.0);
        assert_eq!(scaled(&IBig::from(-5), 1), -2.5);
    }
}
