//! One cell as it stands in a file: a number, a missing value, or the reason why it is neither.

/// Why a cell cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    NotUtf8,
    NotANumber,
    /// The same in the target, some of whose rows hold numbers.
    TextAmongTargets,
    /// A decimal beyond the range of a double, such as `1e999`.
    TooLarge,
    Infinite,
    TooManyLabels,
}

/// Words that other programs write for a missing number, in lower case.
const MARKERS: &[&str] = &["na", "n/a", "nan", "null", "none", "?"];

/// The number in a cell; NaN stands for a missing one, and only for that.
pub fn number(bytes: &[u8]) -> Result<f64, Fault> {
    let bytes = bytes.trim_ascii();
    if bytes.is_empty() {
        return Ok(f64::NAN);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::NotUtf8)?;
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(value) if value.is_infinite() => Err(if has_digit(text) { Fault::TooLarge } else { Fault::Infinite }),
        _ if is_marker(text) => Ok(f64::NAN),
        _ => Err(Fault::NotANumber),
    }
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

fn is_marker(text: &str) -> bool {
    let word = text.trim_start_matches(['-', '+']);
    MARKERS.iter().any(|marker| word.eq_ignore_ascii_case(marker))
}

/// A label in its one spelling: `3`, `3.0` and `+3` are the same class.
pub fn canonical(text: &str) -> String {
    match text.trim().parse::<f64>() {
        Ok(value) if value.is_finite() => number_label(value),
        _ => text.trim().to_string(),
    }
}

/// The label that a number is.
pub fn number_label(value: f64) -> String {
    // Adding 0 turns -0 into 0, which is the same class.
    format!("{}", value + 0.0)
}

/// Whose cell it is, and so what can be done about it.
pub enum Owner<'a> {
    /// An input of this name, which the model can do without.
    Input(&'a str),
    /// The target, which it cannot.
    Target,
    /// New rows for a network that is trained already.
    NewRows,
}

/// What to do about a cell that should hold a number and holds `text`.
pub fn advice(text: &str, owner: &Owner) -> String {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let only = |allowed: &str| text.chars().all(|c| c.is_ascii_digit() || allowed.contains(c));
    if digits >= 4 && only("-/.:T Z+") && text.matches(['-', '/', '.', ':']).count() >= 2 {
        let way = match owner {
            Owner::Input(column) => format!("leave `{column}` out of the network's inputs, or write it as days since a fixed day"),
            Owner::Target => "write it as days since a fixed day".to_string(),
            Owner::NewRows => "write it as in the training data".to_string(),
        };
        format!("a date or time is not a number: {way}")
    } else if digits > 0 && only("+-.,") && is_decimal_comma(text) {
        format!("write a decimal point: `{}`", text.replace(',', "."))
    } else if digits > 0 && only("+-., '_\u{a0}") {
        let plain: String = text.chars().filter(|c| !", '_\u{a0}".contains(*c)).collect();
        format!("write the number without separators: `{plain}`")
    } else if let Some(unit) = unit(text) {
        format!("write the number without `{unit}`")
    } else {
        match owner {
            Owner::Input(column) => format!("leave `{column}` out of the network's inputs, or write one 0/1 column per value"),
            Owner::Target => "write a number here; where all values are labels take a loss for two classes, such as `logistic`".to_string(),
            Owner::NewRows => "write a number here, as in the training data".to_string(),
        }
    }
}

/// One comma that is not followed by exactly three digits.
fn is_decimal_comma(text: &str) -> bool {
    match text.split_once(',') {
        Some((_, after)) => !text.contains('.') && !after.contains(',') && after.len() != 3,
        None => false,
    }
}

/// What stands behind a number, as in `12 %` or `3kg`.
fn unit(text: &str) -> Option<&str> {
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let (front, back) = text.split_at(end);
    (front.parse::<f64>().is_ok() && !back.trim().is_empty()).then(|| back.trim())
}
