//! Tests of the whole format, and a builder of traces.
