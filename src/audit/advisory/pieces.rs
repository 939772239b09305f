//! A stream of JSON, cut into its values without reading them, so that a file of any size is read
//! in the memory of its largest record.
//!
//! Only strings and brackets are looked at, which is enough to find where a value ends; what is in
//! it, and whether it is JSON at all, is for whoever reads the piece.

use std::io::{self, BufRead};

/// How values follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One after the other: a single record, or one on each line.
    Row,
    /// Between `[` and `]`.
    Array,
    /// Between `{` and `}`, each under a name.
    Object,
}

/// A value, and its name in an object as it is written, in quotes; elsewhere the name is empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
}

/// What is wrong between two pieces, or with the size of one.
#[derive(Debug)]
pub(super) enum Broken {
    Read(io::Error),
    Syntax(&'static str),
    /// Of one value.
    Limit(&'static str, u64),
    /// Of the stream.
    Total,
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// As deep as values may be nested: far deeper than any of the formats, and no deeper than
/// serde_json reads.
const MAX_DEPTH: u32 = 120;

/// Cuts a stream.
#[derive(Debug)]
pub(super) struct Pieces<R> {
    input: R,
    shape: Shape,
    /// How many bytes one value may have, and a name in an object too.
    limit: usize,
    /// How many bytes the stream may have.
    most: u64,
    read: u64,
    name: Vec<u8>,
    value: Vec<u8>,
    taken: u64,
}

impl<R: BufRead> Pieces<R> {
    pub(super) const fn new(input: R, shape: Shape, limit: usize, most: u64) -> Self {
        Self {
            input,
            shape,
            limit,
            most,
            read: 0,
            name: Vec::new(),
            value: Vec::new(),
            taken: 0,
        }
    }

    /// How many pieces there were.
    pub(super) const fn taken(&self) -> u64 {
        self.taken
    }

    /// How many bytes were read.
    pub(super) const fn read(&self) -> u64 {
        self.read
    }

    /// The next value.
    pub(super) fn next(&mut self) -> Result<Option<Piece<'_>>, Broken> {
        let (open, close) = match self.shape {
            Shape::Row => {
                if self.peek()?.is_none() {
                    return Ok(None);
                }
                return self.take_value().map(Some);
            }
            Shape::Array => (b'[', b']'),
            Shape::Object => (b'{', b'}'),
        };
        let first = self.taken == 0;
        if first {
            self.expect(open, "does not begin with a bracket")?;
        }
        match self.peek()? {
            Some(byte) if byte == close => {
                self.input.consume(1);
                return match self.peek()? {
                    None => Ok(None),
                    Some(_) => Err(Broken::Syntax("goes on after its end")),
                };
            }
            Some(b',') if !first => self.input.consume(1),
            Some(_) if first => {}
            Some(_) => return Err(Broken::Syntax("lacks a comma between two values")),
            None => return Err(Broken::Syntax("is cut off")),
        }
        if self.shape == Shape::Object {
            if self.peek()? != Some(b'"') {
                return Err(Broken::Syntax("lacks a name before a value"));
            }
            cut(&mut self.input, &mut self.name, self.limit)?;
            self.count(self.name.len())?;
            self.expect(b':', "lacks a colon after a name")?;
        }
        self.peek()?;
        self.take_value().map(Some)
    }

    fn take_value(&mut self) -> Result<Piece<'_>, Broken> {
        cut(&mut self.input, &mut self.value, self.limit)?;
        self.taken += 1;
        self.count(self.value.len())?;
        Ok(Piece {
            name: &self.name,
            value: &self.value,
        })
    }

    fn count(&mut self, bytes: usize) -> Result<(), Broken> {
        self.read += bytes as u64;
        if self.read > self.most {
            return Err(Broken::Total);
        }
        Ok(())
    }

    /// The next byte that is no white space; it stays in the stream.
    fn peek(&mut self) -> Result<Option<u8>, Broken> {
        loop {
            let chunk = fill(&mut self.input)?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let blank = chunk.iter().take_while(|byte| is_blank(**byte)).count();
            let next = chunk.get(blank).copied();
            self.input.consume(blank);
            self.count(blank)?;
            if next.is_some() {
                return Ok(next);
            }
        }
    }

    fn expect(&mut self, byte: u8, otherwise: &'static str) -> Result<(), Broken> {
        if self.peek()? != Some(byte) {
            return Err(Broken::Syntax(otherwise));
        }
        self.input.consume(1);
        Ok(())
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn fill<R: BufRead>(input: &mut R) -> io::Result<&[u8]> {
    loop {
        match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            // The checker of borrows needs it asked for again; it is the same buffer.
            Ok(_) => return input.fill_buf(),
        }
    }
}

/// Takes the one value that the stream stands before.
fn cut<R: BufRead>(input: &mut R, into: &mut Vec<u8>, limit: usize) -> Result<(), Broken> {
    into.clear();
    let mut end = End::default();
    loop {
        let chunk = fill(input)?;
        if chunk.is_empty() {
            // Nothing but a bare word can end with the file.
            return if end.is_word() && !into.is_empty() {
                Ok(())
            } else {
                Err(Broken::Syntax("is cut off"))
            };
        }
        let found = end.find(chunk)?;
        let length = found.unwrap_or(chunk.len());
        if into.len() + length > limit {
            return Err(Broken::Limit("bytes in one record", limit as u64));
        }
        into.extend_from_slice(chunk.get(..length).unwrap_or_default());
        input.consume(length);
        if found.is_some() {
            return if into.is_empty() {
                Err(Broken::Syntax("lacks a value"))
            } else {
                Ok(())
            };
        }
    }
}

/// Looks for the end of a value, chunk by chunk.
#[derive(Debug, Default)]
struct End {
    begun: bool,
    depth: u32,
    quoted: bool,
    escaped: bool,
}

impl End {
    const fn is_word(&self) -> bool {
        self.depth == 0 && !self.quoted
    }

    /// Where the value ends in `chunk`, if it does.
    fn find(&mut self, chunk: &[u8]) -> Result<Option<usize>, Broken> {
        for (index, &byte) in chunk.iter().enumerate() {
            if self.quoted {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => {
                        self.quoted = false;
                        if self.depth == 0 {
                            return Ok(Some(index + 1));
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' if self.depth > 0 || !self.begun => self.quoted = true,
                b'{' | b'[' if self.depth > 0 || !self.begun => {
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return Err(Broken::Limit("levels of nesting", u64::from(MAX_DEPTH)));
                    }
                }
                b'}' | b']' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Ok(Some(index + 1));
                    }
                }
                // A number or a bare word ends before whatever cannot be part of one.
                b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' | b'}' | b']' | b'{' | b'[' | b'"'
                    if self.depth == 0 =>
                {
                    return Ok(Some(index));
                }
                _ => {}
            }
            self.begun = true;
        }
        Ok(None)
    }
}

#[cfg(test)]
#[path = "pieces_tests.rs"]
mod tests;
