//! The `network` statement: an input, one hidden layer, an output layer, a target.

use super::checker::Checker;
use super::columns::{Columns, quoted};
use super::layers::{Layer, LayerKind, Shift};
use super::library::Library;
use super::shapes::Shape;
use crate::problem::{Activation, Pool};
use crate::syntax::diagnostic::{Diagnostic, Place};
use crate::syntax::model::{ColumnItem, ConvSpec, GateSpec, InputSpec, Placed};
use crate::syntax::tree::{Expr, Pipeline, Span, Stage, Term};

/// The words for layers that are not activations.
pub const LAYERS: &[&str] = &["dense", "conv1d", "conv2d", "avg_pool", "max_pool", "sum_pool", "reshape", "skip", "gated_relu"];

/// A network that has passed its checks.
#[derive(Clone, Debug)]
pub struct Net {
    pub inputs: Placed<InputSpec>,
    /// Never none.
    pub targets: Vec<Placed<String>>,
    /// `None` is a gated layer.
    pub activation: Option<Placed<Activation>>,
    pub gates: Option<GateSpec>,
    /// Where the hidden unit is written: an activation or a gated layer.
    pub unit: Placed<String>,
    pub shift: Shift,
    pub width: Option<Placed<usize>>,
    /// How many outputs the last layer says it has.
    pub outputs: Placed<Option<usize>>,
    pub skip: Option<Place>,
    pub convolution: Option<ConvSpec>,
}

/// The layers between input and target, and the skip beside them.
struct Middle<'t> {
    layers: Vec<&'t Expr>,
    skip: Option<Span>,
}

impl Checker {
    pub fn network(&mut self, library: &mut Library, scope: usize, pipeline: &Pipeline, columns: &Columns) -> Option<Net> {
        let [first, middle @ .., last] = pipeline.stages.as_slice() else {
            let error = self.error("E0304", "this network has an input and nothing else", &pipeline.span, "no layers and no target");
            return self.refuse(error.help("for example `network features -> dense(bias) -> relu -> dense -> y`"));
        };
        let input = self.single(first, "the input");
        let inputs = input.and_then(|expr| Some((expr, self.inputs(expr, columns)?)));
        let targets = self.single(last, "the target").and_then(|expr| self.targets(expr, columns));
        let parts = self.middle(middle)?;
        let layers: Vec<Option<Layer>> = parts.layers.iter().map(|expr| self.layer(library, scope, expr)).collect();
        let targets = targets?;
        let layers: Vec<Layer> = layers.into_iter().collect::<Option<_>>()?;
        let (expr, (spec, width)) = inputs?;
        targets.iter().for_each(|target| self.target_is_no_input(&spec, matches!(expr.term, Term::List(_)), target));
        if width == Some(0) {
            self.report(self.error("E0308", "no column is left to be an input", &expr.span, "every column is the target or dropped"));
        }
        let shape = if columns.shaped { Shape::Unknown } else { Shape::Flat(width) };
        self.follow(shape, &layers);
        let net = self.assemble(self.placed(spec, &expr.span), targets, &layers, parts.skip)?;
        self.as_many_outputs(&net);
        Some(net)
    }

    /// The only stage of an end of the network.
    fn single<'t>(&mut self, stages: &'t [Stage], what: &str) -> Option<&'t Expr> {
        match stages {
            [Stage::Item(expr)] => Some(expr),
            _ => {
                let span = stages[0].span().start..stages[stages.len() - 1].span().end;
                let error = self.error("E0307", format!("{what} stands alone, without branches"), &span, "several things");
                self.refuse(error.help("put the branches into parentheses: `features -> (dense -> relu -> dense) + skip -> y`"))
            }
        }
    }

    /// The columns that the network ends with.
    fn targets(&mut self, expr: &Expr, columns: &Columns) -> Option<Vec<Placed<String>>> {
        if let Term::List(items) = &expr.term {
            let names: Vec<_> = items.iter().map(|item| self.column("the target", item, columns)).collect();
            let names = names.into_iter().collect::<Option<Vec<_>>>()?;
            if let Some(again) = (1..names.len()).find(|&at| names[..at].iter().any(|name| name.value == names[at].value)) {
                let (message, place) = (format!("`{}` is a target twice", names[again].value), names[again].place.clone());
                let error = Diagnostic::error("E0309", message, place, "listed again");
                return self.refuse(error.help("list every target once"));
            }
            let missing = self.error("E0306", "the network has no target", &expr.span, "an empty list");
            return if names.is_empty() { self.refuse(missing) } else { Some(names) };
        }
        let layer = expr.head().filter(|(name, args)| LAYERS.contains(&name.text.as_str()) || !args.is_empty() || name.text == "features");
        if let Some((name, _)) =
            layer.filter(|_| !matches!(&expr.term, Term::Word(word) if columns.names.as_ref().is_some_and(|n| n.contains(word))))
        {
            let error = self.error("E0306", format!("the network ends with `{}`, not with a column", name.text), &expr.span, "no target");
            return self.refuse(error.help("end it with the column that is to be learnt: `-> y`"));
        }
        Some(vec![self.column("the target", expr, columns)?])
    }

    /// E0309: what is to be learnt must not be given.
    fn target_is_no_input(&mut self, inputs: &InputSpec, listed: bool, target: &Placed<String>) {
        let InputSpec::Columns(items) = inputs else { return };
        for item in items {
            if let ColumnItem::One(name) = item
                && name.value == target.value
            {
                let error =
                    Diagnostic::error("E0309", format!("`{}` is input and target at once", name.value), name.place.clone(), "given here")
                        .also(target.place.clone(), "to be learnt here");
                self.report(match listed {
                    true => error.help("leave it out, or write `features` in place of the list: every column but the target"),
                    false => error.replace("`features` is every column but the target", "features"),
                });
            }
        }
    }

    /// Unfolds groups, and finds the skip.
    fn middle<'t>(&mut self, stages: &'t [Vec<Stage>]) -> Option<Middle<'t>> {
        let mut middle = Middle { layers: Vec::new(), skip: None };
        for branches in stages {
            match branches.as_slice() {
                [Stage::Item(expr)] => middle.layers.push(expr),
                [Stage::Group(inner)] => {
                    let inside = self.middle(&inner.stages)?;
                    if inside.skip.is_some() && stages.len() > 1 {
                        return self.not_around_everything(inside.skip);
                    }
                    middle.layers.extend(inside.layers);
                    middle.skip = inside.skip;
                }
                branches => {
                    let (group, skip) = self.with_skip(branches)?;
                    if stages.len() > 1 {
                        return self.not_around_everything(Some(skip));
                    }
                    middle.layers = self.middle(&group.stages)?.layers;
                    middle.skip = Some(skip);
                }
            }
        }
        Some(middle)
    }

    fn not_around_everything<T>(&mut self, skip: Option<Span>) -> Option<T> {
        let span = skip.unwrap_or(0..0);
        let error = self.error("E0307", "`skip` goes straight from the inputs to the output", &span, "beside only a part of the network");
        self.refuse(error.help("put all layers into the parentheses: `features -> (dense -> relu -> dense) + skip -> y`"))
    }

    /// `( ... ) + skip`, in either order.
    fn with_skip<'t>(&mut self, branches: &'t [Stage]) -> Option<(&'t Pipeline, Span)> {
        let is_skip = |stage: &Stage| matches!(stage, Stage::Item(expr) if expr.word() == Some("skip"));
        match branches {
            [Stage::Group(group), skip] | [skip, Stage::Group(group)] if is_skip(skip) => Some((group, skip.span().clone())),
            _ => {
                let span = branches[0].span().start..branches[branches.len() - 1].span().end;
                let error = self.error("E0307", "parallel branches are `( ... ) + skip` and nothing else", &span, "other branches");
                self.refuse(error.help("for example `features -> (dense -> relu -> dense) + skip -> y`"))
            }
        }
    }

    /// The order of the layers: neurons, unit, pool if any, output.
    fn assemble(&mut self, inputs: Placed<InputSpec>, targets: Vec<Placed<String>>, all: &[Layer], skip: Option<Span>) -> Option<Net> {
        let layers: Vec<&Layer> = all.iter().filter(|layer| !matches!(layer.kind, LayerKind::Reshape(_))).collect();
        self.in_order(&layers, targets.first()?)?;
        let (hidden, unit, output) = (layers.first()?, layers.get(1)?, layers.last()?);
        let LayerKind::Dense { width: outputs, shift: output_shift } = &output.kind else { return None };
        let (width, shift) = match &hidden.kind {
            LayerKind::Dense { width, shift } => (width.clone(), *shift),
            LayerKind::Conv { channels, shift, .. } => (channels.clone(), *shift),
            _ => return None,
        };
        let activation = match &unit.kind {
            LayerKind::Unit(activation) => Some(self.placed(activation.clone(), &unit.name.span)),
            _ => None,
        };
        let gates = match &unit.kind {
            LayerKind::Gated(gates) => Some(gates.clone()),
            _ => None,
        };
        self.unsolved(all, shift, *output_shift, gates.is_some());
        let count = outputs.as_ref().map(|width| width.value);
        Some(Net {
            inputs,
            targets,
            activation,
            gates,
            unit: self.placed(unit.name.text.clone(), &unit.name.span),
            shift,
            width,
            outputs: self.placed(count, &output.span),
            skip: skip.map(|span| self.place(&span)),
            convolution: self.convolution(all),
        })
    }

    /// The convolution of layers in their order, if there is one.
    fn convolution(&self, layers: &[Layer]) -> Option<ConvSpec> {
        let at = layers.iter().position(|layer| matches!(layer.kind, LayerKind::Conv { .. }))?;
        let LayerKind::Conv { size, stride, padding, .. } = &layers[at].kind else { return None };
        let shape = layers[..at].iter().rev().find_map(|layer| match &layer.kind {
            LayerKind::Reshape(sides) => Some(self.placed(sides.clone(), &layer.span)),
            _ => None,
        });
        let pool = layers[at..].iter().find(|layer| matches!(layer.kind, LayerKind::Pool { .. }))?;
        let pool = Pool::ALL.into_iter().find(|known| known.word() == pool.name.text)?;
        let place = self.place(&layers[at].span);
        Some(ConvSpec { shape, size: size.clone(), stride: *stride, padding: *padding, pool, place })
    }

    /// What a right network may hold that cannot be solved yet.
    fn unsolved(&mut self, layers: &[Layer], hidden: Shift, output: Shift, gated: bool) {
        let conv = layers.iter().find(|layer| matches!(layer.kind, LayerKind::Conv { .. }));
        let pool = layers.iter().any(|layer| matches!(layer.kind, LayerKind::Pool { .. }));
        if let Some(conv) = conv.filter(|_| !pool) {
            self.report(self.several_places(conv, "and no pooling behind it"));
        }
        for layer in layers {
            match &layer.kind {
                LayerKind::Gated(_) if conv.is_some() => {
                    self.not_yet_here("gated_relu behind a convolution", &layer.span, Some("for now: an activation, such as `relu`"));
                }
                LayerKind::Reshape(_) if conv.is_none() => {
                    let error = self.error("E0311", "a dense layer needs no shape", &layer.span, "laid out for nothing");
                    self.report(error.help("leave the `reshape` out"));
                }
                _ => {}
            }
        }
        let dense: Vec<&Layer> = layers.iter().filter(|layer| matches!(layer.kind, LayerKind::Dense { .. })).collect();
        if let Some(first) = dense.first().filter(|_| hidden == Shift::Free && gated) {
            self.not_yet_but("bias = free", &first.span, "behind gates: a bias that is penalised like any weight", "dense(bias)");
        }
        if let Some(last) = dense.last().filter(|_| output != Shift::None) {
            self.not_yet_but("a bias on the output layer", &last.span, "leave it out, or add `+ skip`: its intercept is free", "dense");
        }
    }

    /// E0303 to E0306: the layers are neurons, unit, pool, output, in this order.
    fn in_order(&mut self, layers: &[&Layer], target: &Placed<String>) -> Option<()> {
        let mut stage = 0;
        for layer in layers {
            stage = match (stage, &layer.kind) {
                (0, LayerKind::Dense { .. } | LayerKind::Conv { .. }) => 1,
                (1, LayerKind::Unit(_) | LayerKind::Gated(_)) => 2,
                (2, LayerKind::Pool { .. }) => 3,
                (2 | 3, LayerKind::Dense { .. }) => 4,
                (2 | 3, LayerKind::Unit(_) | LayerKind::Gated(_)) => return self.refuse(self.two_units(layers[1], layer)),
                _ => return self.refuse(self.out_of_order(stage, layer)),
            };
        }
        let name = quoted(&target.value);
        let (code, message, rest) = match stage {
            4 => return Some(()),
            0 => ("E0304", "this network has no hidden layer", format!("dense -> relu -> dense -> {name}")),
            1 => ("E0304", "this network has no activation", format!("relu -> dense -> {name}")),
            _ => ("E0306", "this network has no output layer", format!("dense -> {name}")),
        };
        let error = Diagnostic::error(code, message, target.place.clone(), "the target follows too soon");
        self.refuse(error.replace(format!("write `-> {rest}`"), rest))
    }

    /// Two activations; where both are functions of one number, so is the second of the first.
    fn two_units(&self, first: &Layer, second: &Layer) -> Diagnostic {
        let error = self.error("E0303", "two activations in a row", &second.span, "the second one");
        let of = |layer: &Layer, inner: &str| match self.written(&layer.span).split_once('(') {
            Some((name, arguments)) => format!("{}({inner}, {arguments}", name.trim_end()),
            None => format!("{}({inner})", layer.name.text),
        };
        match (&first.kind, &second.kind) {
            (LayerKind::Unit(_), LayerKind::Unit(_)) => {
                error.help(format!("define an activation that does both: `activation both(x) = {}`", of(second, &of(first, "x"))))
            }
            _ => error.help("keep one of the two"),
        }
    }

    fn out_of_order(&self, stage: usize, layer: &Layer) -> Diagnostic {
        let (name, written) = (&layer.name.text, self.written(&layer.span).to_string());
        let error = |code, message: String, remark: &str| self.error(code, message, &layer.span, remark);
        let pool = matches!(layer.kind, LayerKind::Pool { .. });
        match stage {
            _ if pool && stage < 2 => error("E0314", format!("`{name}` has nothing to pool"), "no activation before it")
                .help("pool after a convolution and its activation: `conv1d(size = 3) -> relu -> avg_pool -> dense`"),
            0 => error("E0303", format!("`{name}` needs a layer of neurons before it"), "the first layer")
                .replace(format!("write `dense -> {written}`"), format!("dense -> {written}")),
            1 => error(
                "E0303",
                format!("`{name}` follows a linear layer without an activation between them"),
                "two linear layers in a row are one",
            )
            .replace(format!("put an activation between them: `relu -> {written}`"), format!("relu -> {written}")),
            _ => error("E0305", "this network has more than one hidden layer".to_string(), "a second hidden layer begins here")
                .note("version 1 trains networks with one hidden layer: for those the exact convex program is known")
                .help("one hidden layer of free width: `dense(bias) -> relu -> dense`"),
        }
    }

    /// E0312: a list of targets takes one output each.
    fn as_many_outputs(&mut self, net: &Net) {
        let (targets, outputs) = (net.targets.len(), net.outputs.value.unwrap_or(1));
        if targets > 1 && outputs != targets {
            let message = format!("{targets} targets need {targets} outputs, the network has {outputs}");
            let error = Diagnostic::error("E0312", message, net.outputs.place.clone(), "the output layer");
            self.report(error.replace(format!("write `dense({targets})`"), format!("dense({targets})")));
        }
    }
}
