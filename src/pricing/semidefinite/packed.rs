//! Symmetric matrices as packed lower triangles, row after row, and the few loops over them that take all the time.

/// r(r+1)/2.
pub fn packed_length(rank: usize) -> usize {
    rank * (rank + 1) / 2
}

/// Where row i begins.
pub fn start(i: usize) -> usize {
    i * (i + 1) / 2
}

/// Σ a_i b_i in four fixed lanes, so that it vectorises and always rounds alike.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 4];
    let (left, right) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = left.remainder().iter().zip(right.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in left.zip(right) {
        for lane in 0..4 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]) + rest
}

/// y += a x.
pub fn add(y: &mut [f64], a: f64, x: &[f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += a * x);
}

/// y += Σ a_k x_k for four vectors at once: a quarter of the loads and stores.
pub fn add_four(y: &mut [f64], a: [f64; 4], x: [&[f64]; 4]) {
    let rows = x[0].iter().zip(x[1]).zip(x[2].iter().zip(x[3]));
    y.iter_mut().zip(rows).for_each(|(y, ((p, q), (s, t)))| *y += (a[0] * p + a[1] * q) + (a[2] * s + a[3] * t));
}

/// The packed products ℓ_i ℓ_j.
pub fn outer(form: &[f64]) -> Vec<f64> {
    form.iter().enumerate().flat_map(|(i, &a)| form[..=i].iter().map(move |b| a * b)).collect()
}

/// The packed matrix with its off-diagonal entries doubled: its `dot` with `outer(ℓ)` is the quadratic form at ℓ.
pub fn doubled(matrix: &[f64], rank: usize) -> Vec<f64> {
    let mut twice: Vec<f64> = matrix.iter().map(|entry| 2.0 * entry).collect();
    (0..rank).for_each(|i| twice[start(i) + i] = matrix[start(i) + i]);
    twice
}

/// The matrix times a vector.
pub fn times(matrix: &[f64], x: &[f64]) -> Vec<f64> {
    let mut product = vec![0.0; x.len()];
    for i in 0..x.len() {
        let row = &matrix[start(i)..start(i) + i];
        product[i] += dot(row, &x[..i]) + matrix[start(i) + i] * x[i];
        add(&mut product[..i], x[i], row);
    }
    product
}

/// matrix += a (x y' + y x')/2.
pub fn add_symmetric(matrix: &mut [f64], a: f64, x: &[f64], y: &[f64]) {
    for i in 0..x.len() {
        let row = &mut matrix[start(i)..=start(i) + i];
        for (j, entry) in row.iter_mut().enumerate() {
            *entry += 0.5 * a * (x[i] * y[j] + y[i] * x[j]);
        }
    }
}

/// The Cholesky factor L of a packed matrix, if it is safely positive definite.
pub fn cholesky(matrix: &[f64], rank: usize) -> Option<Vec<f64>> {
    let mut lower = matrix.to_vec();
    for i in 0..rank {
        let (above, here) = lower.split_at_mut(start(i));
        for j in 0..i {
            let row = &above[start(j)..=start(j) + j];
            here[j] = (here[j] - dot(&row[..j], &here[..j])) / row[j];
        }
        let pivot = here[i] - dot(&here[..i], &here[..i]);
        if pivot <= 1e-15 * matrix[start(i) + i].abs() || !pivot.is_finite() {
            return None;
        }
        here[i] = pivot.sqrt();
    }
    Some(lower)
}

/// L^{-1} of a packed lower triangle.
pub fn inverse_of_lower(lower: &[f64], rank: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; lower.len()];
    for i in 0..rank {
        let (above, here) = inverse.split_at_mut(start(i));
        let row = &lower[start(i)..=start(i) + i];
        for j in 0..i {
            add(&mut here[..=j], -row[j], &above[start(j)..=start(j) + j]);
        }
        here[..i].iter_mut().for_each(|entry| *entry /= row[i]);
        here[i] = 1.0 / row[i];
    }
    inverse
}

/// W'W of a packed lower triangle W: with W = L^{-1} the inverse of L L'.
pub fn gram_of_lower(lower: &[f64], rank: usize) -> Vec<f64> {
    let mut gram = vec![0.0; lower.len()];
    for k in 0..rank {
        let row = &lower[start(k)..=start(k) + k];
        for i in 0..=k {
            add(&mut gram[start(i)..=start(i) + i], row[i], &row[..=i]);
        }
    }
    gram
}

/// Σ of the squares of all entries of the full matrix.
pub fn squared_size(matrix: &[f64], rank: usize) -> f64 {
    let diagonal: f64 = (0..rank).map(|i| matrix[start(i) + i] * matrix[start(i) + i]).sum();
    2.0 * dot(matrix, matrix) - diagonal
}
