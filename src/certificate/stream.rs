//! Trees as bytes: integers of any size in groups of seven bits, lowest first (LEB128), signed ones folded (zigzag).

use base64::{Engine, engine::general_purpose::STANDARD};

/// Writes a tree.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub fn natural(&mut self, mut value: u128) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    pub fn integer(&mut self, value: i128) {
        self.natural(((value << 1) ^ (value >> 127)) as u128);
    }

    /// Appends what another writer holds.
    pub fn append(&mut self, other: &Writer) {
        self.bytes.extend_from_slice(&other.bytes);
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub fn text(&self) -> String {
        STANDARD.encode(&self.bytes)
    }
}

/// Reads a tree.  Nothing is allocated by what the bytes say, and every read may fail.
#[derive(Clone, Debug)]
pub struct Reader {
    bytes: Vec<u8>,
    at: usize,
}

impl Reader {
    /// `None` if the text is not base64.
    pub fn new(text: &str) -> Option<Self> {
        Some(Reader { bytes: STANDARD.decode(text).ok()?, at: 0 })
    }

    /// The next integer; `None` at the end, and for one of more than 128 bits.
    pub fn natural(&mut self) -> Option<u128> {
        let mut value = 0_u128;
        for group in 0..19 {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            let bits = u128::from(byte & 0x7f);
            if group == 18 && bits > 3 {
                return None;
            }
            value |= bits << (7 * group);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    pub fn integer(&mut self) -> Option<i128> {
        let folded = self.natural()?;
        Some((folded >> 1) as i128 ^ -((folded & 1) as i128))
    }

    /// Whether every byte was read.
    pub fn done(&self) -> bool {
        self.at == self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_come_back() {
        let (mut writer, values) = (Writer::default(), [0, 1, -1, 63, -64, 64, 1 << 70, i128::MIN, i128::MAX]);
        values.iter().for_each(|&v| writer.integer(v));
        let mut reader = Reader::new(&writer.text()).unwrap();
        values.iter().for_each(|&v| assert_eq!(reader.integer(), Some(v)));
        assert!(reader.done());
        assert_eq!(reader.natural(), None);
    }

    #[test]
    fn endless_integers_are_refused() {
        let endless = Reader { bytes: vec![0xff; 40], at: 0 }.natural();
        assert_eq!(endless, None);
        assert!(Reader::new("not base64!").is_none());
    }
}
