//! Structured input out of any octets: numbers and texts, one after the other.

/// Octets read as a script. Past the end every number is 0 and every text empty.
#[derive(Clone, Debug)]
pub struct Script<'a> {
    rest: &'a [u8],
}

impl<'a> Script<'a> {
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    pub const fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn octet(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }

    /// A number in two octets, big-endian.
    pub fn number(&mut self) -> u16 {
        u16::from_be_bytes([self.octet(), self.octet()])
    }

    /// The next `octets` octets, or what is left of them.
    pub fn text(&mut self, octets: usize) -> &'a [u8] {
        let (text, rest) = self.rest.split_at(octets.min(self.rest.len()));
        self.rest = rest;
        text
    }

    /// One of `choices`.
    pub fn choice<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.octet()) % choices.len()]
    }
}
