//! Options that every command with a solve in it takes: they beat the model's own, and the answer says which did.

use super::trouble::{Exit, Outcome, Trouble};
use super::units;
use crate::problem::{Problem, Solver};
use crate::report;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub struct Limits {
    /// Stop after this long, for example 60s or 20min
    #[arg(long, value_parser = units::time)]
    time: Option<Duration>,
    /// Worker threads; 0 is all cores.  The answer does not depend on it
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = units::threads)]
    pub threads: usize,
    /// The relative gap asked for, for example 1e-6 or 1%
    #[arg(long, value_parser = units::gap)]
    pub gap: Option<f64>,
    /// Use no more memory than this, for example 8GB
    #[arg(long, value_parser = units::memory)]
    memory: Option<u64>,
    /// Who solves the programs: auto, clarabel, native, or lp and highs where they are linear
    #[arg(long, value_name = "NAME", value_parser = units::solver)]
    pub solver: Option<Solver>,
}

impl Limits {
    /// The options as `solve { }` would say them.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let time = self.time.map(|time| ("time", format!("{} s", time.as_secs_f64())));
        let gap = self.gap.map(|gap| ("gap", report::shortest(gap)));
        let memory = self.memory.map(|memory| ("memory", format!("{} GB", memory as f64 / 1e9)));
        let solver = self.solver.map(|solver| ("solver", solver.name().to_string()));
        [time, gap, memory, solver].into_iter().flatten().collect()
    }

    /// Puts the options in the place of the file's, and says which were given.
    pub fn apply(&self, problem: &mut Problem) -> Outcome<Vec<(String, String)>> {
        let loss = problem.objective.loss.loss;
        if self.solver == Some(Solver::Native) && loss.exponential() {
            let sentence = format!("`{}` needs exponential cones, which `native` has not: --solver clarabel", loss.name());
            return Err(Trouble::Said(Exit::Usage, sentence));
        }
        if let Some((solver, why)) = self.solver.filter(|solver| solver.linear()).zip(problem.curved()) {
            let sentence = format!("`{}` solves linear programs, and {why}: --solver auto", solver.name());
            return Err(Trouble::Said(Exit::Usage, sentence));
        }
        let plan = &mut problem.plan;
        let mut changed = Vec::new();
        let mut note = |name: &str, value: String| changed.push((name.to_string(), value));
        if let Some(time) = self.time {
            plan.time = time;
            note("time", report::limit(time.as_secs_f64()));
        }
        if let Some(gap) = self.gap {
            plan.gap = gap;
            note("gap", report::shortest(gap));
        }
        if let Some(memory) = self.memory {
            plan.memory = Some(memory);
            note("memory", report::bytes(memory as f64));
        }
        if let Some(solver) = self.solver {
            plan.solver = solver;
            note("solver", solver.name().to_string());
        }
        Ok(changed)
    }
}
