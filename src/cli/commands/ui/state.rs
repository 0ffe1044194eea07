//! What the pages show: the last audit, and the clusters to ask.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Mutex, Semaphore};

use super::session::Session;
use crate::audit::{Options, Report, judge};
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::commands::audit::CollectOptions;
use crate::cli::commands::history;
use crate::cli::env::now;
use crate::net::context::Context;
use crate::net::ledger::history::History;

/// How many diagnoses may run at once.
const MAX_DIAGNOSES: usize = 4;

/// The state of the server.
pub(super) struct State {
    pub(super) collect: CollectOptions,
    pub(super) ledger: LedgerOptions,
    pub(super) contexts: Vec<Context>,
    pub(super) session: Session,
    pub(super) diagnoses: Arc<Semaphore>,
    report: RwLock<Option<Arc<Report>>>,
    /// Held during an audit: a second request waits for its result.
    auditing: Mutex<()>,
}

impl State {
    pub(super) fn new(
        collect: CollectOptions,
        ledger: LedgerOptions,
        contexts: Vec<Context>,
        session: Session,
    ) -> Self {
        let diagnoses = Arc::new(Semaphore::new(MAX_DIAGNOSES));
        Self {
            collect,
            ledger,
            contexts,
            session,
            diagnoses,
            report: RwLock::default(),
            auditing: Mutex::default(),
        }
    }

    /// Returns the last audit.
    fn last(&self) -> Option<Arc<Report>> {
        self.report.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the last audit; without one, or if a new one is wanted, audits all clusters.
    pub(super) async fn report(self: &Arc<Self>, wants_new: bool) -> Option<Arc<Report>> {
        let before = self.last();
        if let Some(report) = before.clone().filter(|_| !wants_new) {
            return Some(report);
        }
        let _auditing = self.auditing.lock().await;
        // Another request may have made one in the meantime.
        match (self.last(), &before) {
            (Some(report), None) => return Some(report),
            (Some(report), Some(before)) if !Arc::ptr_eq(&report, before) => return Some(report),
            _ => {}
        }
        let state = Arc::clone(self);
        let audit = move || {
            let facts = state.collect.collect_from(state.contexts.clone());
            judge(&facts, &[], &Options::new(now()))
        };
        let report = Arc::new(tokio::task::spawn_blocking(audit).await.ok()?);
        *self.report.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&report));
        Some(report)
    }

    /// Reads the ledger on this machine.
    pub(super) async fn history(self: &Arc<Self>) -> Result<History, String> {
        let state = Arc::clone(self);
        let read = move || history::of_local_ledger(&state.ledger).map_err(|error| error.to_string());
        tokio::task::spawn_blocking(read).await.map_err(|error| error.to_string())?
    }

    /// Returns the context of a cluster in the report.
    pub(super) fn context(&self, cluster: &str) -> Option<&Context> {
        self.contexts.iter().find(|context| context.name == cluster)
    }
}
