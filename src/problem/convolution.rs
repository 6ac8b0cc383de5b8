//! A convolution as a dense layer on patches (THEORY 9): every example becomes the patches that a filter looks at, one after the other,
//! and what the neuron makes of them is added up or averaged, or the largest of it is taken.
//!
//! f(x_i) = Σ_j a_j γ Σ_p φ(x_ip·w_j), with x_ip the p-th of M patches and γ = 1 or 1/M, or f(x_i) = Σ_j a_j max_p φ(x_ip·w_j): a filter w_j
//! has the length of a patch.

use crate::exact::Rational;

/// How the values of all places become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    Sum,
    Average,
    Max,
}

impl Pool {
    pub const ALL: [Pool; 3] = [Pool::Sum, Pool::Average, Pool::Max];

    /// Its word in the language.
    pub fn word(self) -> &'static str {
        match self {
            Pool::Sum => "sum_pool",
            Pool::Average => "avg_pool",
            Pool::Max => "max_pool",
        }
    }
}

/// Where a filter looks in a signal or an image, and what becomes of its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    /// Length of the signal, or height and width of the image, whose rows lie one after the other.
    pub signal: Vec<usize>,
    /// The same of the filter; at most the signal with its padding.
    pub size: Vec<usize>,
    /// Steps from one place to the next, along every side.
    pub stride: usize,
    /// Zeros put around the signal, on every side.
    pub padding: usize,
    pub pool: Pool,
}

impl Convolution {
    /// h, the numbers in a patch.
    pub fn patch(&self) -> usize {
        self.size.iter().product()
    }

    /// M, the places of the filter.
    pub fn places(&self) -> usize {
        (0..self.signal.len()).map(|side| self.steps(side)).product()
    }

    /// 1/γ; 1 where the largest value counts.
    pub fn divisor(&self) -> usize {
        match self.pool {
            Pool::Sum | Pool::Max => 1,
            Pool::Average => self.places(),
        }
    }

    fn steps(&self, side: usize) -> usize {
        (self.signal[side] + 2 * self.padding - self.size[side]) / self.stride + 1
    }

    /// For every patch, first to last along the rows of the image, and every entry of it in the same order: which input it is; `None` is padding.
    pub fn patches(&self) -> impl Iterator<Item = Vec<Option<usize>>> + '_ {
        grid((0..self.signal.len()).map(|side| self.steps(side)).collect()).map(|place| {
            let entry = |offset: Vec<usize>| {
                let mut at = 0;
                for (side, (step, within)) in place.iter().zip(&offset).enumerate() {
                    let along = (step * self.stride + within).checked_sub(self.padding).filter(|along| *along < self.signal[side])?;
                    at = at * self.signal[side] + along;
                }
                Some(at)
            };
            grid(self.size.clone()).map(entry).collect()
        })
    }

    /// The layer and what is before it as the language writes them: `reshape(8, 8) -> conv2d(size = [3, 3], stride = 2, bias)`.
    pub fn words(&self, bias: Option<&str>) -> String {
        let list = |sides: &[usize]| sides.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        let mut settings = match self.size.as_slice() {
            [size] => vec![format!("size = {size}")],
            size => vec![format!("size = [{}]", list(size))],
        };
        settings.extend((self.stride != 1).then(|| format!("stride = {}", self.stride)));
        settings.extend((self.padding != 0).then(|| format!("padding = {}", self.padding)));
        settings.extend(bias.map(str::to_string));
        let reshape = if self.signal.len() == 1 { String::new() } else { format!("reshape({}) -> ", list(&self.signal)) };
        format!("{reshape}conv{}d({})", self.size.len(), settings.join(", "))
    }

    /// γ, exactly.
    pub fn share(&self) -> Rational {
        Rational::ONE / Rational::from(self.divisor())
    }
}

/// All vectors below `sides`, the last entry running fastest.
fn grid(sides: Vec<usize>) -> impl Iterator<Item = Vec<usize>> {
    (0..sides.iter().product()).map(move |mut number: usize| {
        let mut place: Vec<usize> = sides
            .iter()
            .rev()
            .map(|side| {
                let entry = number % side;
                number /= side;
                entry
            })
            .collect();
        place.reverse();
        place
    })
}
