//! Protocol buffers as far as ONNX needs them: numbered fields that are a varint, 4 or 8 bytes, or bytes with their length in front.

use crate::export::Error;

/// Writes the fields of one message.
#[derive(Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    pub fn int(&mut self, field: u32, value: i64) {
        self.varint(u64::from(field) << 3);
        self.varint(value as u64);
    }

    pub fn four(&mut self, field: u32, bytes: [u8; 4]) {
        self.varint(u64::from(field) << 3 | 5);
        self.0.extend(bytes);
    }

    pub fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.varint(u64::from(field) << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
    }

    pub fn text(&mut self, field: u32, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    /// A message in a message.
    pub fn message(&mut self, field: u32, fill: impl FnOnce(&mut Writer)) {
        let mut inner = Writer::default();
        fill(&mut inner);
        self.bytes(field, &inner.0);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Varint(u64),
    Eight([u8; 8]),
    Four([u8; 4]),
    Bytes(&'a [u8]),
}

/// Reads the fields of one message, in their order; every length is held against what is there.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader(bytes)
    }

    /// The next field and its number; `None` at the end.
    pub fn field(&mut self) -> Result<Option<(u32, Value<'a>)>, Error> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).map_err(|_| damaged())?;
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Eight(self.array()?),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| damaged())?;
                Value::Bytes(self.take(length)?)
            }
            5 => Value::Four(self.array()?),
            _ => return Err(damaged()),
        };
        Ok(Some((number, value)))
    }

    /// All that is left, as varints one after the other.
    pub fn varints(&mut self) -> Result<Vec<u64>, Error> {
        let mut all = Vec::new();
        while !self.0.is_empty() {
            all.push(self.varint()?);
        }
        Ok(all)
    }

    fn varint(&mut self) -> Result<u64, Error> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(damaged())
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        self.take(N)?.try_into().map_err(|_| damaged())
    }
}

impl<'a> Value<'a> {
    /// A whole number.
    pub fn int(self) -> Result<i64, Error> {
        if let Value::Varint(value) = self { Ok(value as i64) } else { Err(damaged()) }
    }

    pub fn bytes(self) -> Result<&'a [u8], Error> {
        if let Value::Bytes(bytes) = self { Ok(bytes) } else { Err(damaged()) }
    }

    pub fn text(self) -> Result<String, Error> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_| damaged())
    }

    /// Repeated whole numbers, one a field or packed.
    pub fn ints_into(self, all: &mut Vec<i64>) -> Result<(), Error> {
        match self {
            Value::Bytes(bytes) => all.extend(Reader::new(bytes).varints()?.into_iter().map(|value| value as i64)),
            one => all.push(one.int()?),
        }
        Ok(())
    }

    /// The bytes of repeated numbers of 4 or 8 bytes, one a field or packed.
    pub fn raw_into(self, all: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Value::Bytes(bytes) => all.extend(bytes),
            Value::Four(bytes) => all.extend(bytes),
            Value::Eight(bytes) => all.extend(bytes),
            Value::Varint(_) => return Err(damaged()),
        }
        Ok(())
    }
}

/// One sentence for everything that is no message.
pub fn damaged() -> Error {
    Error("it is not a whole ONNX file".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut writer = Writer::default();
        writer.int(1, -1);
        writer.int(300, 129);
        writer.message(2, |inner| inner.text(7, "wörd"));
        let bytes = writer.finish();
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.field().unwrap().unwrap().1.int().unwrap(), -1);
        assert_eq!(reader.field().unwrap(), Some((300, Value::Varint(129))));
        let (number, inner) = reader.field().unwrap().unwrap();
        assert_eq!((number, Reader::new(inner.bytes().unwrap()).field().unwrap().unwrap().1.text().unwrap()), (2, "wörd".to_string()));
        assert_eq!(reader.field().unwrap(), None);
        for length in 0..bytes.len() {
            let mut cut = Reader::new(&bytes[..length]);
            while let Ok(Some(_)) = cut.field() {}
        }
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        assert!(Reader::new(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]).field().is_err());
        assert!(Reader::new(&[0x80; 12]).field().is_err());
        assert!(Reader::new(&[0x0b]).field().is_err());
    }
}
