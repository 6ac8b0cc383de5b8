//! The `solve` and `output` statements.

use super::checker::Checker;
use crate::problem::{Arrangements, Guarantee, Plan, Solver};
use crate::syntax::Instead;
use crate::syntax::model::{Outputs, VectorFile};
use crate::syntax::names::similar;
use crate::syntax::tree::{Binding, Expr, Span};

const SETTINGS: &[&str] = &["guarantee", "arrangements", "solver", "gap", "tolerance", "time", "memory", "neurons", "max_patterns"];
const ARRANGEMENTS: &[&str] = &["generate", "all", "sample", "low_rank", "cells", "from_gates"];
/// Those that a model without gates may choose; behind gates `generate` is the same as `from_gates`.
const OFFERED: &[&str] = &["generate", "all", "sample", "low_rank", "cells"];

/// The formats of `output weights(...)`; the first is written in any case.
pub const FORMATS: [&str; 5] = ["safetensors", "npz", "json", "onnx", "c"];

/// The settings, and where those are that other checks point at.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    pub plan: Plan,
    /// Arrangements that keep only some of the cells: the word and the place.
    pub partial: Option<(String, Span)>,
    /// Whether a promise was meant that could not be read.
    pub unclear: bool,
    /// Where the arrangements are chosen.
    pub arrangements: Option<Span>,
    /// The file of weight vectors whose cells are searched.
    pub vectors: Option<VectorFile>,
    pub from_gates: Option<Span>,
    /// Where a solver of linear programs is asked for.
    pub linear: Option<Span>,
    /// Where the file chooses the solver, unless the command line does.
    pub solver: Option<Span>,
    pub native: Option<Span>,
    /// Whether the file itself says `guarantee = global`.
    promised: Option<Span>,
    /// What the command line says instead.
    instead: Instead,
}

impl Checker {
    /// What the command line says beats the file.
    pub fn machine(&mut self, block: &[Binding], instead: Instead) -> Machine {
        let mut machine = Machine { instead, ..Machine::default() };
        // A promise that could not be read is an error of its own, and what it is about nobody knows.
        let mut unclear = block.iter().any(|setting| similar(&setting.name.text, ["guarantee"]).is_some());
        for setting in self.settings("solve", block, SETTINGS) {
            let read = self.solve_setting(setting, &mut machine);
            unclear |= read.is_none() && setting.name.text == "guarantee";
        }
        machine.plan.guarantee = instead.promise.unwrap_or(machine.plan.guarantee);
        machine.unclear = unclear && instead.promise.is_none();
        machine
    }

    fn solve_setting(&mut self, setting: &Binding, machine: &mut Machine) -> Option<()> {
        let (name, value) = (setting.name.text.as_str(), &setting.value);
        let plan = &mut machine.plan;
        match name {
            "guarantee" => {
                let bounded = self.choice(name, value, &["global", "bounded"])? == "bounded";
                plan.guarantee = if bounded { Guarantee::Bounded } else { Guarantee::Global };
                machine.promised = (!bounded).then(|| value.span.clone());
            }
            "arrangements" => self.arrangements(value, machine)?,
            "solver" => self.solver(value, machine)?,
            "gap" => plan.gap = self.real(name, value, 0.0, 1.0)?,
            "tolerance" => plan.tolerance = Some(self.real(name, value, 0.0, 1.0)?),
            "time" => plan.time = self.duration(name, value)?,
            "memory" => plan.memory = Some(self.bytes(name, value)?),
            "neurons" => plan.fewest = self.choice(name, value, &["pruned", "fewest"])? == "fewest",
            _ => plan.max_patterns = self.whole(name, value, 1, 1_000_000_000)? as usize,
        }
        Some(())
    }

    fn solver(&mut self, value: &Expr, machine: &mut Machine) -> Option<()> {
        let word = self.choice("solver", value, &Solver::ALL.map(Solver::name))?;
        if let Some(solver) = machine.instead.solver {
            machine.plan.solver = solver;
            return Some(());
        }
        let solver = Solver::ALL.into_iter().find(|solver| solver.name() == word)?;
        machine.plan.solver = solver;
        machine.solver = Some(value.span.clone());
        machine.native = (solver == Solver::Native).then(|| value.span.clone());
        machine.linear = solver.linear().then(|| value.span.clone());
        Some(())
    }

    fn arrangements(&mut self, value: &Expr, machine: &mut Machine) -> Option<()> {
        let Some((name, args)) = value.head().filter(|(name, _)| ARRANGEMENTS.contains(&name.text.as_str())) else {
            return self.refuse(self.not_a_choice("arrangements", value, OFFERED));
        };
        machine.arrangements = Some(value.span.clone());
        let word = name.text.as_str();
        if ["sample", "low_rank", "cells"].contains(&word) {
            machine.partial = Some((word.to_string(), value.span.clone()));
        }
        match word {
            "sample" => {
                let values = self.arguments(&name, args, &["count", "seed"])?;
                let Some(count) = values[0] else { return self.refuse(self.missing_argument(&name, "sample(500, seed = 1)")) };
                let count = self.whole("sample", count, 1, 100_000_000)? as usize;
                let seed = values[1].map_or(Some(0), |seed| self.seed(seed))?;
                machine.plan.arrangements = Arrangements::Sample { count, seed };
            }
            "low_rank" => {
                let rank = self.one(&name, args, "low_rank(3)")?;
                machine.plan.arrangements = Arrangements::LowRank { rank: self.whole("low_rank", rank, 1, 1_000_000)? as usize };
            }
            "cells" => {
                let path = self.one(&name, args, "cells(\"G.npy\")")?;
                machine.vectors = Some(self.vector_file("cells", path, "a file of weight vectors")?);
            }
            _ => {
                self.arguments(&name, args, &[])?;
                self.whole_arrangement(word, value, machine);
            }
        }
        Some(())
    }

    /// Arrangements without arguments.
    fn whole_arrangement(&mut self, word: &str, value: &Expr, machine: &mut Machine) {
        match word {
            "all" => machine.plan.arrangements = Arrangements::All,
            // Gates are the cells of a gated layer, and there are no others: this is what `generate` does there.
            "from_gates" => machine.from_gates = Some(value.span.clone()),
            _ => machine.plan.arrangements = Arrangements::Generate,
        }
    }

    /// E0351: some cells cannot promise what all cells can.  Where there is no choice of cells anyway, less need not be asked for.
    pub fn keeps_its_promise(&mut self, machine: &Machine, choice: bool) {
        let promised = machine.plan.guarantee == Guarantee::Global && !machine.unclear;
        let Some((word, span)) = machine.partial.as_ref().filter(|_| promised) else { return };
        let keeps = if word == "low_rank" { "this solves an approximation of the data" } else { "this keeps only some of the patterns" };
        let error = self.error("E0351", format!("`{word}` cannot promise a global optimum"), span, keeps);
        let error = match &machine.promised {
            _ if machine.instead.promise.is_some() => error.note("`--guarantee global` on the command line promises it"),
            Some(promise) => error.also(self.place(promise), "promised here"),
            None => error.note("a model promises `guarantee = global` unless it says otherwise"),
        };
        if !choice {
            return self.report(error.replace("write `arrangements = generate`", "generate"));
        }
        if machine.instead.promise.is_some() {
            return self.report(error.help("ask for less:   --guarantee bounded\nor keep it:     arrangements = generate"));
        }
        let ways = "ask for less:   guarantee = bounded      # report an upper and a lower bound\nor keep it:     arrangements = generate";
        self.report(error.replace(ways, "generate"));
    }

    /// `output weights(onnx), certificate, report`.
    pub fn output(&mut self, kinds: &[Expr]) -> Outputs {
        let mut outputs = Outputs { weights: false, formats: Vec::new(), certificate: false, report: false };
        for kind in kinds {
            let known = ["weights", "certificate", "report"];
            let Some((name, args)) = kind.head().filter(|(name, _)| known.contains(&name.text.as_str())) else {
                self.report(self.not_a_choice("output", kind, &known));
                continue;
            };
            match name.text.as_str() {
                "weights" => {
                    outputs.weights = true;
                    let values = self.arguments(&name, args, &["format"]);
                    let format = values.and_then(|values| values[0]).and_then(|format| self.choice("weights", format, &FORMATS));
                    outputs.formats.extend(format.filter(|format| *format != FORMATS[0]));
                }
                word => {
                    *(if word == "report" { &mut outputs.report } else { &mut outputs.certificate }) = true;
                    self.arguments(&name, args, &[]);
                }
            }
        }
        outputs
    }
}
