//! stub
pub struct Code {
    pub code: &'static str,
}
pub const CODES: &[Code] = &[];
