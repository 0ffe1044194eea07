//! Checks tokens: Consul's verdict, and the problems that Consul does not report.
pub mod acceptance;
pub mod batch;
pub mod context;
pub mod docs;
pub mod report;
pub mod rule;
pub mod rules;
