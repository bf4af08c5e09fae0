//! The argument of EHLO, HELO and LHLO (RFC 5321 4.1.1.1, 4.1.2, 4.1.3).
