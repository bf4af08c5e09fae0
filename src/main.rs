//! The `ehlotrace` command.

mod cli;

use std::process::ExitCode;

/// Sessions are followed on one thread and freed on another, and the allocator of most systems makes the two wait for each
/// other: a fifth of the time of a large capture.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main()
}
