//! Positive semidefinite matrices of integers, decided on the safe side: "yes" is a proof, "no" may be lack of room.
//!
//! M - δI is factored as LL' in integers, rounding as it comes; what is left, R = M - LL', must be diagonally dominant, and
//! then M = LL' + R is a sum of two positive semidefinite matrices.  Nothing depends on how good L is but the answer "no".

/// The factors keep this many bits, so that their products fill about twice as many.
const BITS: u32 = 50;

/// Whether the symmetric `matrix` (n x n, row by row) is proved positive semidefinite.
///
/// Room of about n 2^-46 of the largest entry is needed.
pub fn positive_semidefinite(matrix: &[i128], n: usize) -> bool {
    let Some(shift) = shift(matrix, n) else { return false };
    let rounded: Vec<i128> = matrix.iter().map(|entry| entry >> shift).collect();
    match factor(&rounded, n) {
        Some(l) => dominant(&rounded, &l, n),
        None => false,
    }
}

/// How far to shift so that the diagonal has at most 2·BITS bits; `None` if an entry is larger than its diagonal allows.
fn shift(matrix: &[i128], n: usize) -> Option<u32> {
    let largest = (0..n).map(|i| matrix[i * n + i]).max()?;
    let fits = largest >= 0 && matrix.iter().all(|entry| entry.unsigned_abs() <= largest.unsigned_abs());
    fits.then(|| (128 - largest.leading_zeros()).saturating_sub(2 * BITS))
}

/// Columns of L, lower triangle, row by row; `None` if a pivot is not positive.
fn factor(matrix: &[i128], n: usize) -> Option<Vec<i64>> {
    let margin = (n as i128 + 2) << (BITS + 2);
    let mut l = vec![0_i64; n * n];
    for i in 0..n {
        for j in 0..=i {
            let known: i128 = (0..j).map(|k| i128::from(l[i * n + k]) * i128::from(l[j * n + k])).sum();
            let rest = matrix[i * n + j] - known;
            l[i * n + j] = if i == j {
                let rest = rest - margin;
                if rest <= 0 {
                    return None;
                }
                i64::try_from(rest.isqrt()).ok()?
            } else {
                i64::try_from(rest / i128::from(l[j * n + j])).ok().filter(|x| x.unsigned_abs() >> (BITS + 1) == 0)?
            };
        }
    }
    Some(l)
}

/// Whether R = M - LL' stays diagonally dominant when every entry of M may be off by one.
fn dominant(matrix: &[i128], l: &[i64], n: usize) -> bool {
    let rest = |i: usize, j: usize| {
        let product: i128 = (0..=i.min(j)).map(|k| i128::from(l[i * n + k]) * i128::from(l[j * n + k])).sum();
        matrix[i * n + j] - product
    };
    (0..n).all(|i| {
        let off: u128 = (0..n).filter(|j| *j != i).map(|j| rest(i, j).unsigned_abs() + 1).sum();
        let diagonal = rest(i, i) - 1;
        diagonal >= 0 && diagonal.unsigned_abs() >= off
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Σ of `terms` random squares, as integers of about `bits` bits.
    fn gram(n: usize, terms: usize, bits: u32, seed: u64) -> Vec<i128> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i128::from(state as i64 >> (64 - bits))
        };
        let mut matrix = vec![0; n * n];
        for _ in 0..terms {
            let x: Vec<i128> = (0..n).map(|_| next()).collect();
            (0..n).for_each(|i| (0..n).for_each(|j| matrix[i * n + j] += x[i] * x[j]));
        }
        matrix
    }

    #[test]
    fn definite_matrices_are_recognised_at_every_size() {
        for bits in [30, 40, 50, 60] {
            for n in [1, 2, 5, 17] {
                assert!(positive_semidefinite(&gram(n, 2 * n + 1, bits, 7 + n as u64), n), "{n} x {n} of {bits} bits");
            }
        }
    }

    #[test]
    fn indefinite_matrices_never_pass() {
        for seed in 0..200 {
            let n = 2 + (seed % 5) as usize;
            let mut matrix = gram(n, 2 * n, 50, seed);
            // v'(M - s vv')v < 0 for v = e_0 + e_1 and s a little above v'Mv / |v|^4.
            let value = matrix[0] + 2 * matrix[1] + matrix[n + 1];
            let s = value / 4 + 2;
            for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                matrix[i * n + j] -= s;
            }
            assert!(!positive_semidefinite(&matrix, n));
        }
        assert!(!positive_semidefinite(&[-1], 1));
        assert!(!positive_semidefinite(&[i128::MAX, i128::MIN, i128::MIN, i128::MAX], 2));
    }

    #[test]
    fn the_room_that_is_needed_is_small() {
        let n = 20;
        let mut matrix = gram(n, n - 1, 55, 3);
        let largest = *matrix.iter().max().unwrap();
        assert!(!positive_semidefinite(&matrix, n), "singular: no room");
        (0..n).for_each(|i| matrix[i * n + i] += largest >> 40);
        assert!(positive_semidefinite(&matrix, n));
    }
}
