//! The walk through all cells: start cones, tasks for every core, depth first within a task, results combined in task order.
//!
//! The 2^(r-1) sign choices on r independent lines, the first one positive, are the start cones; w -> -w gives the other half.

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::cone::{Cone, Knife, Ray};
use super::field::{Field, Point};
use super::halt::Halt;
use super::lines::Lines;
use super::slots::{Slots, Wide};
use crate::exact::linear;

/// Enough for every core, few enough to cost nothing; the same on every machine, so that results are too.
const TASKS: usize = 256;
/// A cone of a wide walk goes back to machine words below this many facets.
const NARROW: usize = 32;

/// Takes the cells of one half space as they are found.
pub(super) trait Sink<const R: usize>: Send {
    /// Whether cells must be built even when only their number is new.
    const WHOLE: bool;

    fn cell<S: Slots>(&mut self, signs: &[u64], cone: &Cone<R, S>);
    /// Two cells that were not built.
    fn pair(&mut self) {}
}

/// Runs through all cells; the sinks come back in an order that depends on the lines alone.
pub(super) fn run<const R: usize, K: Sink<R>>(lines: &Lines, halt: &Halt<'_>, make: impl Fn() -> K + Sync) -> Vec<K> {
    let field = Field::<R>::new(lines);
    let start = Start::new(lines, &field);
    let walk = |task: Task<R>| {
        let mut walk = Walk { signs: vec![0; lines.count().div_ceil(64)], sink: make(), halt, ticks: 0 };
        match task {
            _ if halt.look(0).is_break() => {}
            Task::Starts(range) => walk.starts(&start, range),
            Task::Cone { cone, signs, next } => {
                walk.signs = signs;
                let _ = walk.descend(&mut Knife::new(&field, lines, next), &cone, &mut Vec::new());
            }
        }
        walk.sink
    };
    start.tasks().into_par_iter().map(walk).collect()
}

/// A share of the walk.
enum Task<const R: usize> {
    Starts(std::ops::Range<u64>),
    Cone { cone: Cone<R, u64>, signs: Vec<u64>, next: u32 },
}

/// The dual basis of the independent lines: ray i is positive on line i and on the other lines of the basis.
struct Start<'a, const R: usize> {
    lines: &'a Lines,
    field: &'a Field<R>,
    duals: Vec<Point<R>>,
}

impl<'a, const R: usize> Start<'a, R> {
    fn new(lines: &'a Lines, field: &'a Field<R>) -> Self {
        let dual = |i: usize| {
            let others = lines.basis.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, &line)| &lines.integers[line]);
            let ray = linear::null_vector(others, field.rank).expect("the basis is independent");
            let sign = linear::sign(&linear::dot(&ray, &lines.integers[lines.basis[i]]));
            field.round(&ray.into_iter().map(|v| v * sign).collect::<Vec<_>>())
        };
        Start { lines, field, duals: (0..field.rank).map(dual).collect() }
    }

    /// The start cone in which basis line i is negative iff bit i - 1 of `choice` is set.
    fn cone(&self, knife: &mut Knife<'_, R>, choice: u64) -> Cone<R, u64> {
        let mut cone = Cone::empty();
        cone.live = u64::first(self.field.rank);
        for (i, &line) in self.lines.basis.iter().enumerate() {
            let negative = choice << 1 >> i & 1 == 1;
            let mut point = self.duals[i];
            if negative {
                point.at = point.at.map(|v| -v);
            }
            let mut on = cone.live;
            on.remove(i);
            cone.rays.push(Ray { point, on, id: knife.fresh() });
            cone.facets.push(line as u32);
            cone.decided.push(2 * line as u32 + u32::from(!negative));
        }
        let others: Vec<u32> = (0..self.lines.count()).filter(|line| !self.lines.basis.contains(line)).map(|line| line as u32).collect();
        knife.sort_out(&others, &mut cone);
        cone
    }

    /// All cells, shared out: whole start cones where there are many of them, split ones where there are few.
    fn tasks(&self) -> Vec<Task<R>> {
        let starts = 1u64 << (self.field.rank - 1);
        if starts > TASKS as u64 {
            let share = starts.div_ceil(4 * TASKS as u64);
            return (0..starts.div_ceil(share)).map(|i| Task::Starts(i * share..starts.min((i + 1) * share))).collect();
        }
        let mut knife = Knife::new(self.field, self.lines, 0);
        let mut ready: Vec<_> = (0..starts).map(|choice| self.first(&mut knife, choice)).collect();
        let mut before = 0;
        while ready.len() > before && ready.len() < TASKS {
            before = ready.len();
            ready = ready.into_iter().flat_map(|task| halves(&mut knife, task)).collect();
        }
        let next = knife.next;
        ready.into_iter().map(|(cone, signs)| Task::Cone { cone, signs, next }).collect()
    }

    fn first(&self, knife: &mut Knife<'_, R>, choice: u64) -> (Cone<R, u64>, Vec<u64>) {
        let mut signs = vec![0; self.lines.count().div_ceil(64)];
        let cone = self.cone(knife, choice);
        settle(&mut signs, &cone.decided);
        (cone, signs)
    }
}

/// Both halves of a cone, or the cone itself if it is not to be split.
fn halves<const R: usize>(knife: &mut Knife<'_, R>, task: (Cone<R, u64>, Vec<u64>)) -> Vec<(Cone<R, u64>, Vec<u64>)> {
    let (mut plus, mut minus) = (Cone::empty(), Cone::empty());
    if task.0.alive.len() < 2 || !knife.split(&task.0, &mut plus, &mut minus) {
        return vec![task];
    }
    let signed = |cone: Cone<R, u64>| {
        let mut signs = task.1.clone();
        settle(&mut signs, &cone.decided);
        (cone, signs)
    };
    vec![signed(plus), signed(minus)]
}

/// Writes decided signs down.
fn settle(signs: &mut [u64], decided: &[u32]) {
    for &entry in decided {
        let (line, bit) = ((entry >> 1) as usize, 1 << (entry >> 1 & 63));
        if entry & 1 == 1 { signs[line / 64] |= bit } else { signs[line / 64] &= !bit }
    }
}

/// A pair of halves to be filled again and again.
type Pair<const R: usize, S> = Box<(Cone<R, S>, Cone<R, S>)>;

struct Walk<'h, 'i, K> {
    /// The signs decided on the way down; a line alive somewhere below is decided again there.
    signs: Vec<u64>,
    sink: K,
    halt: &'h Halt<'i>,
    /// Cells since the last look at the world.
    ticks: u32,
}

impl<K> Walk<'_, '_, K> {
    fn starts<const R: usize>(&mut self, start: &Start<'_, R>, choices: std::ops::Range<u64>)
    where
        K: Sink<R>,
    {
        for choice in choices {
            let mut knife = Knife::new(start.field, start.lines, 0);
            let cone = start.cone(&mut knife, choice);
            settle(&mut self.signs, &cone.decided);
            if self.descend(&mut knife, &cone, &mut Vec::new()).is_break() {
                return;
            }
        }
    }

    /// All cells within `cone`.
    fn descend<const R: usize, S: Slots>(
        &mut self,
        knife: &mut Knife<'_, R>,
        cone: &Cone<R, S>,
        pool: &mut Vec<Pair<R, S>>,
    ) -> ControlFlow<()>
    where
        K: Sink<R>,
    {
        if cone.alive.is_empty() {
            self.sink.cell(&self.signs, cone);
            return self.halt.tick(&mut self.ticks, 1);
        }
        if cone.alive.len() == 1 && !K::WHOLE {
            self.sink.pair();
            return self.halt.tick(&mut self.ticks, 2);
        }
        self.halt.work(&mut self.ticks, cone.rays.len())?;
        let mut pair = pool.pop().unwrap_or_else(|| Box::new((Cone::empty(), Cone::empty())));
        if !knife.split(cone, &mut pair.0, &mut pair.1) {
            return self.descend(knife, &cone.convert::<Wide>(), &mut Vec::new());
        }
        self.enter(knife, &pair.0, pool)?;
        self.enter(knife, &pair.1, pool)?;
        pool.push(pair);
        ControlFlow::Continue(())
    }

    /// All cells within a half that was just cut.
    fn enter<const R: usize, S: Slots>(
        &mut self,
        knife: &mut Knife<'_, R>,
        half: &Cone<R, S>,
        pool: &mut Vec<Pair<R, S>>,
    ) -> ControlFlow<()>
    where
        K: Sink<R>,
    {
        settle(&mut self.signs, &half.decided);
        if S::CAPACITY > u64::CAPACITY && half.live.size() <= NARROW {
            self.descend(knife, &half.convert::<u64>(), &mut Vec::new())
        } else {
            self.descend(knife, half, pool)
        }
    }
}
