//! SMTP itself (RFC 5321): what the lines of a session say. This layer takes octets and knows nothing of TCP.

pub mod ehlo;
pub mod product;
