//! From prices along few directions of output weights to all of them (THEORY 8c).
//!
//! Where outputs share neurons, h(a) = max { -a'U'F(θ) : ρ(θ) <= 1 } has to be at most β|a| for every a in R^C.  It is a maximum of
//! linear functions of a, so h(Σ s_j a_j) <= Σ s_j h(a_j) for s >= 0.  On a cone of directions a_1, ..., a_C one vector p is enough:
//! ```text
//!   |p| <= 1  and  h(a_j) <= β p·a_j for every j     give     h(Σ s_j a_j) <= β p·(Σ s_j a_j) <= β |Σ s_j a_j|
//! ```
//! The cover is a tree of such cones: its roots are the 2^C orthants, an edge is split at a positive combination of its ends, and every
//! leaf has its p.  What has to be proved along a direction is the least p·a of all leaves that it is a corner of.

use super::{Dual, Reader, Writer};
use std::collections::BTreeMap;

/// Bits behind the point of p.
pub const PART_BITS: u32 = 40;
/// Directions are integers below two to this.
pub const DIRECTION_BITS: u32 = 20;
/// There are 2^C roots.
pub const MOST_OUTPUTS: usize = 10;
/// No cover needs to be deeper, or to have more directions.
const DEPTH: usize = 256;
const RAYS: usize = 1 << 16;

/// A direction of output weights, primitive, and the part of β |..| that its price has to stay within, in units of 2^-PART_BITS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ray {
    pub direction: Vec<i64>,
    pub part: i128,
}

/// C directions.
type Corners = Vec<Vec<i64>>;

/// The directions of a cover in the order in which its leaves first have them as corners.
///
/// Errors: what is wrong with it.
pub fn rays(text: &str, outputs: usize) -> Result<Vec<Ray>, &'static str> {
    if !(2..=MOST_OUTPUTS).contains(&outputs) {
        return Err("it is about too many outputs");
    }
    let mut reader = Reader::new(text).ok_or("it is not base64")?;
    let (mut rays, mut known) = (Vec::new(), BTreeMap::new());
    for orthant in 0..1_usize << outputs {
        let mut stack = vec![(root(orthant, outputs), 0)];
        while let Some((corners, depth)) = stack.pop() {
            match reader.natural().ok_or(ENDS)? {
                0 => leaf(&corners, &mut reader, &mut rays, &mut known)?,
                _ if rays.len() > RAYS => return Err("it has too many directions"),
                _ if depth == DEPTH => return Err("it is deeper than 256 splits"),
                edge => {
                    let (first, second) = split(&corners, edge - 1, &mut reader)?;
                    stack.extend([(second, depth + 1), (first, depth + 1)]);
                }
            }
        }
    }
    if reader.done() { Ok(rays) } else { Err("it goes on after its last cone") }
}

const ENDS: &str = "it ends too early: some directions of output weights are not covered";

/// ±e_c, minus where bit c is set.
pub fn root(orthant: usize, outputs: usize) -> Vec<Vec<i64>> {
    let side = |c: usize| if orthant >> c & 1 == 1 { -1 } else { 1 };
    (0..outputs).map(|c| (0..outputs).map(|k| if k == c { side(c) } else { 0 }).collect()).collect()
}

/// The cone where the new direction stands in the place of the edge's first end, and that where it stands in the place of the second.
fn split(corners: &[Vec<i64>], edge: u128, reader: &mut Reader) -> Result<(Corners, Corners), &'static str> {
    let outputs = corners.len() as u128;
    let (first, second) = ((edge / outputs) as usize, (edge % outputs) as usize);
    let times = [reader.natural().ok_or(ENDS)?, reader.natural().ok_or(ENDS)?];
    if edge >= outputs * outputs || first == second || times.contains(&0) {
        return Err("an edge that is none is split");
    }
    let new = between(&corners[first], &corners[second], times).ok_or("its directions are too wide")?;
    let with = |place: usize| corners.iter().enumerate().map(|(k, g)| if k == place { new.clone() } else { g.clone() }).collect();
    Ok((with(first), with(second)))
}

/// m a + n b without common divisor; `None` if it has more than DIRECTION_BITS.
pub fn between(a: &[i64], b: &[i64], times: [u128; 2]) -> Option<Vec<i64>> {
    let [m, n] = times.map(|times| i64::try_from(times).ok().filter(|times| *times < 1 << DIRECTION_BITS));
    let (m, n) = (m?, n?);
    let sum: Vec<i64> = a.iter().zip(b).map(|(a, b)| m * a + n * b).collect();
    let divisor = sum.iter().fold(0, |divisor, x| common(divisor, x.unsigned_abs()));
    let new: Vec<i64> = sum.iter().map(|x| x / (divisor.max(1) as i64)).collect();
    new.iter().all(|x| x.unsigned_abs() < 1 << DIRECTION_BITS).then_some(new)
}

fn common(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common(b, a % b) }
}

fn leaf(corners: &[Vec<i64>], reader: &mut Reader, rays: &mut Vec<Ray>, known: &mut BTreeMap<Vec<i64>, usize>) -> Result<(), &'static str> {
    let mut p = Vec::with_capacity(corners.len());
    for _ in corners {
        p.push(reader.integer().ok_or(ENDS)?);
    }
    let short = p.iter().all(|x| x.unsigned_abs() <= 1 << PART_BITS);
    if !short || p.iter().map(|x| x * x).sum::<i128>() > 1 << (2 * PART_BITS) {
        return Err("a vector p is longer than 1");
    }
    for direction in corners {
        let part: i128 = p.iter().zip(direction).map(|(p, a)| p * i128::from(*a)).sum();
        if part <= 0 {
            return Err("a vector p leaves no price to a corner of its cone");
        }
        let at = *known.entry(direction.clone()).or_insert_with(|| {
            rays.push(Ray { direction: direction.clone(), part });
            rays.len() - 1
        });
        rays[at].part = rays[at].part.min(part);
    }
    Ok(())
}

/// Writes a leaf.
pub fn write_leaf(p: &[i128], writer: &mut Writer) {
    writer.natural(0);
    p.iter().for_each(|x| writer.integer(*x));
}

/// Writes a split of the edge between two of so many corners.
pub fn write_split((first, second): (usize, usize), outputs: usize, times: [u128; 2], writer: &mut Writer) {
    writer.natural((first * outputs + second) as u128 + 1);
    times.iter().for_each(|times| writer.natural(*times));
}

impl Dual {
    /// U a, exactly; `None` if it is too wide for an integer.
    pub fn along(&self, direction: &[i64]) -> Option<Dual> {
        let sum = |row: &[i64]| -> Option<i64> {
            let sum: i128 = row.iter().zip(direction).map(|(m, a)| i128::from(*m) * i128::from(*a)).sum();
            i64::try_from(sum).ok()
        };
        let mantissas = self.mantissas.chunks(direction.len()).map(sum).collect::<Option<_>>()?;
        Some(Dual { exponent: self.exponent, mantissas })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: i128 = 1 << PART_BITS;

    fn text(write: impl FnOnce(&mut Writer)) -> String {
        let mut writer = Writer::default();
        write(&mut writer);
        writer.text()
    }

    /// Orthants that are leaves, each with p along its diagonal.
    fn orthants(writer: &mut Writer, which: std::ops::Range<usize>) {
        for orthant in which {
            let p: Vec<i128> = root(orthant, 2).iter().enumerate().map(|(c, e)| i128::from(e[c]) * (ONE * 7 / 10)).collect();
            write_leaf(&p, writer);
        }
    }

    #[test]
    fn orthants_alone_are_a_cover() {
        let rays = rays(&text(|writer| orthants(writer, 0..4)), 2).unwrap();
        assert_eq!(rays.len(), 4, "the four half axes");
        assert!(rays.iter().all(|ray| ray.part == ONE * 7 / 10));
    }

    #[test]
    fn a_split_cone_has_the_least_part_of_its_leaves() {
        let cover = text(|writer| {
            write_split((0, 1), 2, [1, 2], writer);
            write_leaf(&[ONE / 10, ONE * 9 / 10], writer);
            write_leaf(&[ONE * 9 / 10, ONE / 10], writer);
            orthants(writer, 1..4);
        });
        let rays = rays(&cover, 2).unwrap();
        assert_eq!(rays[0].direction, [1, 2]);
        assert_eq!(rays[0].part, ONE * 9 / 10 + 2 * (ONE / 10), "the second leaf leaves less");
        assert_eq!(rays.len(), 5);
    }

    #[test]
    fn holes_and_long_vectors_are_refused() {
        let refusal = |write: &dyn Fn(&mut Writer)| rays(&text(write), 2).unwrap_err();
        assert_eq!(refusal(&|writer| orthants(writer, 0..3)), ENDS);
        assert!(
            refusal(&|writer| {
                orthants(writer, 0..4);
                orthants(writer, 0..1);
            })
            .contains("goes on")
        );
        let long = |writer: &mut Writer| {
            write_leaf(&[ONE * 8 / 10, ONE * 7 / 10], writer);
            orthants(writer, 1..4);
        };
        assert!(refusal(&long).contains("longer than 1"));
        let negative = |writer: &mut Writer| {
            write_leaf(&[-ONE / 2, ONE / 2], writer);
            orthants(writer, 1..4);
        };
        assert!(refusal(&negative).contains("leaves no price"));
        for (edge, times) in [((0, 0), [1, 1]), ((0, 1), [0, 1]), ((0, 1), [1, 0]), ((1, 2), [1, 1])] {
            assert!(refusal(&|writer| write_split(edge, 2, times, writer)).contains("edge"), "{edge:?} {times:?}");
        }
        assert!(rays("", 2).is_err() && rays("!", 2).is_err() && rays("", 1).is_err());
        assert_eq!(refusal(&|writer| write_leaf(&[i128::MAX, i128::MIN], writer)), "a vector p is longer than 1");
    }

    #[test]
    fn directions_are_primitive_and_narrow() {
        assert_eq!(between(&[1, 0], &[0, 1], [2, 4]), Some(vec![1, 2]));
        assert_eq!(between(&[1, 0], &[0, 1], [1 << DIRECTION_BITS, 1]), None);
        assert_eq!(between(&[1 << 19, 1], &[1 << 19, 0], [1, 1]), None);
    }
}
