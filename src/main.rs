//! The `ehlotrace` command.
fn main() {}
