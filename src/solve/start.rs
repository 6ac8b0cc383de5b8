//! Beginning with a network that is there already: its directions are the first rays, or its gates the first, and no answer is worse than it.

use super::search::Search;
use super::shared::APART;
use crate::lowering::{Group, Neuron, Shape, assemble, for_output};
use crate::problem::{Gauge, Network, Part};

/// The most directions taken over, largest neurons first: rays are cheap, but not free.
const RAYS: usize = 1000;

impl Search<'_, '_> {
    /// Offers `network` as the first incumbent and keeps the directions of its neurons.
    pub fn begin_with(&mut self, network: &Network) {
        let network = &self.within(network);
        self.ceiling = self.offer(network).objective;
        if self.problem.shared() {
            self.start = self.turning(network, APART);
            return;
        }
        if let Some(gates) = &self.problem.architecture.gates {
            self.start = self.behind(gates, network);
            self.know(gates, network);
            return;
        }
        let mut rays: Vec<(f64, Group)> = Vec::new();
        for Part { w, output, a, .. } in network.parts() {
            let theta = self.features.lifted(w);
            let length = self.features.gauge(&theta);
            if length > 0.0 && length.is_finite() {
                let unit = theta.iter().map(|x| x / length).collect();
                rays.push((a.abs() * length, Group { output, sign: a.signum(), shape: Shape::Ray(unit) }));
            }
        }
        // The sort is stable, so equal neurons keep the network's order.
        rays.sort_by(|a, b| b.0.total_cmp(&a.0));
        rays.truncate(RAYS);
        self.start = rays.into_iter().map(|(_, ray)| ray).collect();
    }

    /// The network with hidden weights that are really within their bound, if there is one: rounding elsewhere may have carried them over.
    fn within(&self, network: &Network) -> Network {
        if self.features.gauge == Gauge::Norm {
            return network.clone();
        }
        let outputs = network.output.columns;
        let neuron = |Part { w, output, a, .. }: Part| Neuron {
            serves: for_output(output, outputs, a.signum()),
            theta: self.features.theta(w, a),
            gate: None,
        };
        assemble(&self.features, outputs, network.parts().map(neuron), network.skip.clone())
    }
}
