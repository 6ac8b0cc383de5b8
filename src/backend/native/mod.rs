//! cxvc's own interior-point method, for programs that fall into parts which meet in the rows that define the outputs.

mod cone;
mod interior;
mod parts;
mod system;

use super::{Backend, Request};
use crate::program::{Program, Solution, Status};
use interior::Interior;
use parts::Parts;

pub struct Native;

impl Backend for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn accepts(&self, program: &Program) -> bool {
        Parts::of(program).is_some()
    }

    fn solve(&self, program: &Program, request: &Request) -> Solution {
        match Parts::of(program) {
            Some(parts) => Interior::new(program, &parts).solve(request),
            None => Solution { primal: Vec::new(), dual: Vec::new(), status: Status::Doubtful, iterations: 0 },
        }
    }
}
