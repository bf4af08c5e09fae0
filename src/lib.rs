//! ehlotrace reads saved packet captures and says which SMTP sessions were lost.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod capture;
pub mod container;
pub mod limits;
pub mod time;
