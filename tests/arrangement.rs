//! Cells of arrangements against counts that are known, and against their own definition.
#![cfg(feature = "solve")]

use cvxc::arrangement::{self, Cell, Lines, Pattern, Stop};
use cvxc::problem::{Matrix, Random};

/// Integer rows as a matrix.
fn matrix(rows: &[Vec<i32>]) -> Matrix {
    Matrix::from_rows(&rows.iter().map(|row| row.iter().map(|&v| f64::from(v)).collect()).collect::<Vec<_>>())
}

/// Gaussian rows: in general position.
fn gaussian(n: usize, d: usize, seed: u64) -> Matrix {
    let mut random = Random::new(seed);
    Matrix::new(n, d, (0..n * d).map(|_| random.normal()).collect())
}

/// All vectors with entries from `alphabet`.
fn words(alphabet: &[i32], length: usize) -> Vec<Vec<i32>> {
    (0..length)
        .fold(vec![vec![]], |all, _| all.iter().flat_map(|word| alphabet.iter().map(move |&a| [word.as_slice(), &[a]].concat())).collect())
}

fn unit(m: usize, i: usize) -> Vec<i32> {
    (0..m).map(|k| i32::from(k == i)).collect()
}

/// e_i + sign e_j.
fn pair(m: usize, i: usize, j: usize, sign: i32) -> Vec<i32> {
    (0..m).map(|k| i32::from(k == i) + sign * i32::from(k == j)).collect()
}

/// The reflections of the braid group: e_i - e_j.
fn braid(m: usize) -> Matrix {
    matrix(&(0..m).flat_map(|i| (0..i).map(move |j| pair(m, i, j, -1))).collect::<Vec<_>>())
}

/// All nonzero vectors of zeros and ones.
fn resonance(m: usize) -> Matrix {
    matrix(&words(&[0, 1], m)[1..])
}

#[test]
fn general_position_has_as_many_cells_as_cover_says() {
    for (n, r) in [(1, 1), (5, 1), (7, 2), (40, 2), (6, 3), (10, 3), (60, 3), (12, 4), (25, 4), (14, 5), (12, 6), (11, 7), (11, 8), (10, 9)]
    {
        let x = gaussian(n, r, (100 * n + r) as u64);
        let lines = Lines::new(&x);
        assert_eq!(lines.rank(), r.min(n));
        assert_eq!(arrangement::count(&x) as f64, lines.bound(), "n = {n}, r = {r}");
        if r == 1 {
            assert_eq!(lines.count(), 1);
        }
    }
    assert_eq!(arrangement::bound(10, 3), 92.0);
    assert_eq!(arrangement::bound(0, 0), 1.0);
}

#[test]
fn two_thousand_rows_of_rank_three_lose_no_cell() {
    // A tolerance of 1e-9 in the signs loses two of them.
    for seed in [1, 2] {
        assert_eq!(arrangement::count(&gaussian(2000, 3, seed)), 3_998_002);
    }
}

#[test]
fn reflection_arrangements_have_as_many_cells_as_their_groups_have_elements() {
    let mut factorial = 1;
    for m in 2..=7u64 {
        factorial *= m;
        assert_eq!(arrangement::count(&braid(m as usize)), factorial);
    }
    for (m, group) in [(2, 8), (3, 48), (4, 384), (5, 3840)] {
        let long = (0..m).flat_map(|i| (0..i).flat_map(move |j| [pair(m, i, j, 1), pair(m, i, j, -1)]));
        let rows: Vec<_> = (0..m).map(|i| unit(m, i)).chain(long).collect();
        assert_eq!(arrangement::count(&matrix(&rows)), group);
    }
}

#[test]
fn resonance_arrangements() {
    for (m, cells) in [(1, 2), (2, 6), (3, 32), (4, 370), (5, 11292)] {
        assert_eq!(arrangement::count(&resonance(m)), cells);
    }
}

#[test]
fn threshold_functions() {
    for (m, functions) in [(1, 4), (2, 14), (3, 104), (4, 1882)] {
        let rows: Vec<_> = words(&[-1, 1], m).into_iter().map(|word| [word, vec![1]].concat()).collect();
        assert_eq!(arrangement::count(&matrix(&rows)), functions);
    }
}

/// The listing, after checking that every cell is what it says: distinct, realised, with true facets that lead to neighbours.
fn checked(x: &Matrix) -> Vec<Cell> {
    let cells = arrangement::list(x, 100_000).unwrap();
    assert_eq!(cells.len() as u64, arrangement::count(x));
    assert!(cells.is_sorted_by(|a, b| a.pattern < b.pattern));
    for cell in &cells {
        assert!(cell.realised);
        assert_eq!(Pattern::of(x, &cell.witness), cell.pattern);
        assert_eq!(cell.facets, walls(x, &cells, cell), "{cell:?}");
    }
    cells
}

/// The first row of every line such that some cell differs from `cell` in that line's rows alone: the facets, by definition.
fn walls(x: &Matrix, cells: &[Cell], cell: &Cell) -> Vec<u32> {
    let parallel = |i: usize, j: usize| rank_of(x, &[i, j]) == 1;
    let nonzero = |i: usize| x.row(i).iter().any(|v| *v != 0.0);
    let first = |i: usize| nonzero(i) && (0..i).all(|j| !nonzero(j) || !parallel(i, j));
    let crossed = |i: usize| Pattern::from_fn(x.rows, |j| cell.pattern.get(j) != (nonzero(j) && parallel(i, j)));
    let exists = |pattern: Pattern| cells.binary_search_by(|c| c.pattern.cmp(&pattern)).is_ok();
    (0..x.rows).filter(|&i| first(i) && exists(crossed(i))).map(|i| i as u32).collect()
}

fn rank_of(x: &Matrix, rows: &[usize]) -> usize {
    arrangement::rank(&Matrix::from_rows(&rows.iter().map(|&i| x.row(i).to_vec()).collect::<Vec<_>>()))
}

#[test]
fn every_cell_is_what_it_says() {
    for (n, d) in [(1, 1), (1, 3), (2, 2), (9, 2), (8, 3), (7, 4), (7, 5), (4, 6), (9, 7)] {
        checked(&gaussian(n, d, n as u64));
    }
    checked(&resonance(4));
    checked(&braid(5));
    checked(&matrix(&words(&[-1, 0, 1, 2], 2)));
    checked(&matrix(&words(&[-2, 0, 1], 3)));
    assert_eq!(checked(&matrix(&[vec![1, 0, 0], vec![0, 0, 0], vec![-2, 0, 0], vec![3, 0, 0]])).len(), 2);
}

#[test]
fn rows_on_one_line_agree_and_zero_rows_are_one() {
    let x = matrix(&[vec![0, 0], vec![1, 2], vec![2, 4], vec![-3, -6], vec![0, 0], vec![1, -1]]);
    let cells = checked(&x);
    assert_eq!(cells.len(), 4);
    for cell in &cells {
        let bits = cell.pattern.to_mask();
        assert!(bits[0] && bits[4]);
        assert!(bits[1] == bits[2] && bits[2] != bits[3]);
        assert_eq!(cell.facets, [1, 5]);
    }
}

#[test]
fn without_lines_there_is_one_cell() {
    for x in [Matrix::new(0, 3, vec![]), Matrix::new(2, 3, vec![0.0; 6]), Matrix::new(2, 0, vec![])] {
        let cells = arrangement::list(&x, 1).unwrap();
        assert_eq!((cells.len(), arrangement::count(&x), arrangement::rank(&x)), (1, 1, 0));
        assert_eq!(cells[0].pattern, Pattern::from_fn(x.rows, |_| true));
        assert_eq!(cells[0].witness.len(), x.columns);
        assert!(cells[0].facets.is_empty());
    }
}

#[test]
fn dependent_columns_change_nothing() {
    let narrow = gaussian(8, 2, 5);
    let wide: Vec<Vec<f64>> = narrow.each_row().map(|r| vec![0.0, r[0], 2.0 * r[0], r[1], -r[0], r[1]]).collect();
    let wide = Matrix::from_rows(&wide);
    assert_eq!(arrangement::rank(&wide), 2);
    let patterns = |x: &Matrix| checked(x).into_iter().map(|c| (c.pattern, c.facets)).collect::<Vec<_>>();
    assert_eq!(patterns(&wide), patterns(&narrow));
}

#[test]
fn rows_one_unit_apart_are_two_lines() {
    let next = 1.0f64.next_up();
    let x = Matrix::from_rows(&[vec![1.0, 1.0], vec![1.0, next], vec![next, 1.0], vec![1.0, -1.0], vec![0.1, 0.3], vec![0.2, 0.6]]);
    assert_eq!(Lines::new(&x).count(), 5);
    assert_eq!(checked(&x).len(), 10);
    // 0.1 + 0.2 is not 0.3: the three planes meet in a point, not in a line.
    let x = Matrix::from_rows(&[vec![1.0, 0.0, 0.1], vec![0.0, 1.0, 0.2], vec![1.0, 1.0, 0.3]]);
    assert_eq!((arrangement::rank(&x), arrangement::count(&x)), (3, 8));
    let x = Matrix::from_rows(&[vec![1.0, 0.0, 0.25], vec![0.0, 1.0, 0.5], vec![1.0, 1.0, 0.75]]);
    assert_eq!((arrangement::rank(&x), arrangement::count(&x)), (2, 6));
}

#[test]
fn nearly_parallel_rows_are_counted_exactly() {
    let mut random = Random::new(3);
    for d in [2, 3, 4] {
        let base: Vec<f64> = (0..d).map(|_| 1.0 + random.uniform()).collect();
        let mut near = || -> Vec<f64> { base.iter().map(|b| b * (1.0 + random.below(64) as f64 * f64::EPSILON)).collect() };
        let x = Matrix::from_rows(&(0..9).map(|_| near()).collect::<Vec<_>>());
        let cells = arrangement::list(&x, 100_000).unwrap();
        assert_eq!(cells.len() as u64, reference(&x), "d = {d}");
        cells.iter().filter(|c| c.realised).for_each(|c| assert_eq!(Pattern::of(&x, &c.witness), c.pattern));
    }
}

/// The number of cells by deletion and restriction in exact rationals: cells(A) = cells(A - line) + cells(A on line).
fn reference(x: &Matrix) -> u64 {
    use cvxc::exact::{Rational, rational};
    fn cells(lines: &[Vec<Rational>]) -> u64 {
        let Some((last, others)) = lines.split_last() else { return 1 };
        let Some(pivot) = last.iter().position(|v| *v != Rational::ZERO) else { return cells(others) };
        let parallel = |a: &Vec<Rational>| (0..a.len()).all(|i| &a[i] * &last[pivot] == &last[i] * &a[pivot]);
        let distinct: Vec<_> = others.iter().filter(|a| !parallel(a)).cloned().collect();
        let onto = |a: &Vec<Rational>| -> Vec<Rational> {
            (0..a.len()).filter(|i| *i != pivot).map(|i| &a[i] - &last[i] * &a[pivot] / &last[pivot]).collect()
        };
        cells(&distinct) + cells(&distinct.iter().map(onto).collect::<Vec<_>>())
    }
    cells(&x.each_row().map(|row| row.iter().map(|&v| rational(v).unwrap()).collect()).collect::<Vec<_>>())
}

#[test]
fn counts_agree_with_deletion_and_restriction() {
    let mut random = Random::new(11);
    for round in 0..120 {
        let (n, d) = (1 + random.below(10), 1 + random.below(5));
        let scale = [1.0, 0.1, 1e150, 1e-160, 1e-310][round % 5];
        let mut entry = || [-2.0, -1.0, 0.0, 0.0, 1.0, 1.0, 3.0][random.below(7)] * scale;
        let x = Matrix::new(n, d, (0..n * d).map(|_| entry()).collect());
        assert_eq!(arrangement::count(&x), reference(&x), "{x:?}");
    }
}

#[test]
fn wild_scales_of_rows_and_columns_change_no_cell() {
    let x = gaussian(9, 3, 4);
    let scales = [1e150, 1e-150, 1e-300];
    let columns =
        Matrix::from_rows(&x.each_row().map(|r| (0..3).map(|j| r[j] * 2f64.powi(400 * j as i32 - 400)).collect()).collect::<Vec<_>>());
    let rows = Matrix::from_rows(&(0..9).map(|i| x.row(i).iter().map(|v| v * scales[i % 3]).collect()).collect::<Vec<_>>());
    let patterns = |x: &Matrix| checked(x).into_iter().map(|c| (c.pattern, c.facets)).collect::<Vec<_>>();
    assert_eq!(patterns(&columns), patterns(&x));
    assert_eq!(patterns(&rows), patterns(&x));
    let tiny = Matrix::from_rows(&[vec![5e-324, 1e300], vec![1e-323, 1e300], vec![5e-324, 0.0]]);
    assert_eq!(arrangement::count(&tiny), 6);
}

#[test]
fn a_cell_may_have_more_facets_than_a_word_has_bits() {
    // Tangent planes of a cone: the cell of its axis touches all of them.
    let x = Matrix::from_rows(&(0..150).map(|i| vec![f64::from(i).cos(), f64::from(i).sin(), 1.0]).collect::<Vec<_>>());
    let most = std::sync::atomic::AtomicUsize::new(0);
    let lines = Lines::new(&x);
    arrangement::visit(&lines, &|| false, |cell| {
        most.fetch_max(cell.facet_count(), std::sync::atomic::Ordering::Relaxed);
    })
    .unwrap();
    assert_eq!(most.into_inner(), 150);
    assert_eq!(arrangement::count(&x) as f64, lines.bound());
}

#[test]
fn samples_are_listed_cells() {
    for x in [gaussian(12, 3, 1), resonance(3), gaussian(6, 5, 2)] {
        let cells = checked(&x);
        let sample = arrangement::sample(&x, 3000, 7, &|| false);
        assert!(sample.is_sorted_by(|a, b| a.pattern < b.pattern));
        for found in &sample {
            assert!(cells.binary_search_by(|c| c.pattern.cmp(&found.pattern)).is_ok());
            assert_eq!(Pattern::of(&x, &found.witness), found.pattern);
        }
        assert!(sample.len() * 2 > cells.len());
        let fewer = arrangement::sample(&x, 100, 7, &|| false);
        assert!(fewer.iter().all(|f| sample.contains(f)));
    }
}

#[test]
fn an_interrupted_sample_keeps_what_it_met() {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    let x = gaussian(40, 6, 3);
    let whole = arrangement::sample(&x, 20_000, 7, &|| false);
    let looks = AtomicUsize::new(0);
    let some = arrangement::sample(&x, 100_000_000, 7, &|| looks.fetch_add(1, Relaxed) > 5_000);
    assert!(!some.is_empty() && some.len() < whole.len(), "{} of {}", some.len(), whole.len());
    assert!(some.is_sorted_by(|a, b| a.pattern < b.pattern) && some.iter().all(|cell| whole.contains(cell)));
    assert!(arrangement::sample(&x, 100_000_000, 7, &|| true).is_empty());
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let x = gaussian(40, 3, 8);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| (arrangement::list(&x, 10_000).unwrap(), arrangement::sample(&x, 500, 1, &|| false), order(&x)))
    };
    assert_eq!(with(1), with(2));
}

/// A digest that depends on the order in which `fold` combines, and on every ray.
fn order(x: &Matrix) -> u64 {
    let mix = |a: u64, b: u64| a.wrapping_mul(6364136223846793005).wrapping_add(b);
    let rays = |cell: &arrangement::CellView<'_>| (0..cell.ray_count()).flat_map(|i| cell.ray(i)).fold(1, |h, v| mix(h, v.to_bits()));
    arrangement::fold(&Lines::new(x), &|| false, || 7, |state, cell| *state = mix(*state, rays(cell)), mix).unwrap()
}

#[test]
fn rays_lie_in_the_closed_cell() {
    let x = gaussian(15, 4, 21);
    arrangement::visit(&Lines::new(&x), &|| false, |cell| {
        assert!(cell.ray_count() >= 4);
        for value in (0..cell.ray_count()).map(|i| x.times(&cell.ray(i))) {
            assert!(value.iter().enumerate().all(|(i, v)| if cell.bit(i) { *v > -1e-9 } else { *v < 1e-9 }));
        }
    })
    .unwrap();
}

#[test]
fn walks_stop_when_told_to() {
    let x = gaussian(60, 3, 2);
    assert_eq!(arrangement::list(&x, 3000), Err(Stop::TooMany));
    assert_eq!(arrangement::list(&x, 3541), Err(Stop::TooMany));
    assert_eq!(arrangement::list(&x, 3542).unwrap().len(), 3542);
    let huge = Lines::new(&gaussian(30, 9, 2));
    assert_eq!(arrangement::count_lines(&huge, &|| true), Err(Stop::Interrupted));
    assert_eq!(arrangement::list_lines(&huge, 1000, &|| false), Err(Stop::TooMany));
    assert_eq!(arrangement::visit(&Lines::new(&gaussian(40, 40, 2)), &|| false, |_| {}), Err(Stop::TooMany));
}
