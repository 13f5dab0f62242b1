//! Bytes to requests and responses, and back (RFC 3261 §7, §25). Home of `rsip`.
