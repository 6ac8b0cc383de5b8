//! Tree to Model: every name, type, unit and shape decided, and what cannot be decided reported.

mod checker;
mod columns;
mod curved;
mod data;
mod evaluate;
mod exactness;
mod function;
mod gates;
mod later;
mod layers;
mod library;
mod network;
mod objective;
mod parameters;
mod shapes;
mod solve;
mod statements;
mod terms;
mod value;

use super::Instead;
use super::diagnostic::{Diagnostic, Place, Source};
use super::model::{DataSpec, Definition, GateSpec, Model, NetworkSpec, Placed};
use super::origin::Origin;
use super::tree::{Kind, Tree};
use crate::problem::{Activation, Bias};
use crate::regularizer::{EUCLIDEAN, Regularizer};
use checker::Checker;
use columns::Columns;
use layers::Shift;
use library::{Key, Library};
use network::Net;
use objective::{Constraint, Goal, Penalty};
use std::path::Path;
use std::sync::Arc;

/// What the command line says about a model: `NAME=VALUE` of parameters, and what stands instead of settings.
pub struct Said<'a> {
    pub overrides: &'a [String],
    pub instead: Instead,
}

/// Decides everything that can be decided without data.  The model is there only if nothing is wrong.
pub fn resolve(tree: &Tree, source: &Arc<Source>, folder: &Path, file: Option<&Path>, said: &Said) -> (Option<Model>, Vec<Diagnostic>) {
    let mut checker = Checker::new(source.clone(), folder.to_path_buf());
    let statements = checker.statements(tree);
    let mut library = Library::builtin();
    let scope = library.add(source, tree, folder, file.and_then(|file| file.canonicalize().ok()));
    let activations = definitions_of(&mut library, scope);

    let changes = parameters::pairs(said.overrides);
    statements.params.iter().for_each(|binding| checker.param(binding, &changes));
    let paths: Vec<(String, Vec<f64>)> = statements.paths.iter().filter_map(|binding| checker.path(binding)).collect();
    checker.overrides(said.overrides);

    let (data, columns) = statements.data.map_or((None, Columns::default()), |(source, settings)| checker.data(source, settings));
    let net = statements.network.and_then(|pipeline| checker.network(&mut library, scope, pipeline, &columns));
    let machine = checker.machine(statements.solve.unwrap_or_default(), said.instead);
    let goal = statements.minimize.and_then(|(objective, constraints)| checker.objective(objective, constraints));
    let outputs = statements.output.map_or(Default::default(), |kinds| checker.output(kinds));
    library.found.drain(..).collect::<Vec<_>>().into_iter().for_each(|error| checker.report(error));
    let gated = net.as_ref().is_some_and(|net| net.gates.is_some());
    let interpolates = goal.as_ref().is_some_and(|goal| goal.constraints.iter().any(|c| c.value == Constraint::Interpolate));
    checker.keeps_its_promise(&machine, !gated && !interpolates);
    if let (Some(net), Some(goal)) = (&net, &goal) {
        checker.exactness(net, goal, &machine);
    }

    let assembled = net.zip(goal).zip(data).and_then(|((net, goal), data)| {
        let mut model = assemble(&checker, net, goal, data)?;
        model.origin = origin(&mut checker, tree);
        model.vectors = machine.vectors;
        model.arrangements = machine.arrangements.as_ref().map(|span| checker.place(span));
        model.solver = machine.solver.as_ref().map(|span| checker.place(span));
        (model.plan, model.outputs, model.activations, model.overrides) = (machine.plan, outputs, activations, changes);
        model.paths = paths;
        Some(model)
    });
    let name = source.name.clone();
    let diagnostics = checker.finish();
    let model = assembled.filter(|_| diagnostics.is_empty());
    match (&model, diagnostics.is_empty()) {
        (None, true) => (None, vec![nothing(&Source::new(name, ""))]),
        _ => (model, diagnostics),
    }
}

/// A model that is whole but for its plan.
fn assemble(checker: &Checker, net: Net, goal: Goal, data: DataSpec) -> Option<Model> {
    let loss = goal.loss?;
    // A budget on weight decay stands for its penalty.
    let bounded = goal.constraints.into_iter().find(|constraint| constraint.value == Constraint::WeightDecay);
    let plain = Penalty::WeightDecay { hidden: EUCLIDEAN, output: "l2" };
    let penalty = goal.penalty.or(bounded.map(|bounded| Placed { value: plain, place: bounded.place }))?;
    let (norm, radius) = match (penalty.value, goal.radius) {
        (_, Some((radius, norm))) => (norm, Some(radius)),
        (Penalty::WeightDecay { hidden, .. }, None) => (hidden, None),
        // Nothing bounds the weights of a threshold, and nothing has to.
        (Penalty::OutputL1, None) => (EUCLIDEAN, Some(f64::INFINITY)),
    };
    let output_l1 = matches!(penalty.value, Penalty::WeightDecay { output: "l1", .. });
    let regularizer = Regularizer { hidden: norm, radius, output_l1, budget: goal.budget };
    Some(Model {
        name: checker.source.name.clone(),
        parameters: checker.parameters.iter().map(|p| (p.name.text.clone(), p.value.clone())).collect(),
        overrides: Vec::new(),
        paths: Vec::new(),
        activations: Vec::new(),
        data,
        network: network_of(net, goal.bias)?,
        loss,
        strength: goal.strength,
        regularizer: Placed { value: regularizer, place: penalty.place },
        plan: Default::default(),
        arrangements: None,
        solver: None,
        vectors: None,
        outputs: Default::default(),
        origin: Default::default(),
    })
}

/// The network, if this version solves it; `bound` is that of `hidden_bias`.
fn network_of(net: Net, bound: Option<f64>) -> Option<NetworkSpec> {
    let bias = match (net.shift, bound) {
        (Shift::None, _) => Bias::None,
        (_, Some(bound)) => Bias::Bounded(bound),
        (Shift::Penalised, None) => Bias::Penalised,
        (Shift::Free, None) => Bias::Free,
    };
    // Behind a gate stands the weighted sum itself.
    let behind = |gates: &GateSpec| Placed { value: Activation::linear(gates.words()), place: net.unit.place.clone() };
    Some(NetworkSpec {
        inputs: net.inputs,
        targets: net.targets,
        outputs: net.outputs,
        activation: net.activation.or(net.gates.as_ref().map(behind))?,
        gates: net.gates,
        bias,
        width: net.width,
        skip: net.skip,
        convolution: net.convolution,
    })
}

/// The text with the places that a command line or another folder changes.
fn origin(checker: &mut Checker, tree: &Tree) -> Origin {
    let (mut solve, mut settings) = (None, Vec::new());
    for statement in &tree.statements {
        match &statement.kind {
            Kind::Use { path, .. } => drop(checker.named_file(&path.text, &path.span)),
            Kind::Solve(block) => {
                solve = Some(statement.span.clone());
                settings = block.iter().map(|setting| (setting.name.text.clone(), setting.value.span.clone())).collect();
            }
            _ => {}
        }
    }
    Origin::new(checker.source.text.clone(), checker.changed_defaults(), checker.paths.clone()).with_solve(solve, settings)
}

/// E0500 for a combination that no rule above has named; it keeps a model from vanishing without a word.
fn nothing(source: &Arc<Source>) -> Diagnostic {
    Diagnostic::error("E0500", "this model cannot be solved by this version yet", Place::new(source, 0..0), "")
}

/// The built-in activations.
pub fn builtin() -> Vec<Definition> {
    definitions_of(&mut Library::builtin(), 0)
}

/// The activations that a file defines or imports, with their defaults; errors are reported in the library.
fn definitions_of(library: &mut Library, scope: usize) -> Vec<Definition> {
    let own: Vec<Key> = (0..library.scopes[scope].definitions.len()).map(|number| (scope, number)).collect();
    let imported: Vec<Key> = library.scopes[scope].names.values().copied().filter(|key| key.0 != scope).collect();
    own.into_iter().chain(imported).filter_map(|key| definition(library, key)).collect()
}

/// The definitions of a tree, and what is wrong with them.
pub fn definitions(tree: &Tree, source: &Arc<Source>, folder: &Path, file: Option<&Path>) -> (Vec<Definition>, Vec<Diagnostic>) {
    let mut library = Library::builtin();
    let scope = library.add(source, tree, folder, file.and_then(|file| file.canonicalize().ok()));
    (definitions_of(&mut library, scope), library.found)
}

fn definition(library: &mut Library, key: Key) -> Option<Definition> {
    let (name, documentation) = (library.definition(key).name.clone(), library.definition(key).documentation.clone());
    let place = library.place(key.0, &name.span);
    let values = library.defaults(key)?;
    let function = library.function(key, values, &place)?;
    match layers::normal_form(&name.text, &function, place) {
        Ok(activation) => Some(Definition { activation, documentation }),
        Err(error) => {
            library.report(error);
            None
        }
    }
}
