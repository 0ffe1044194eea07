//! A writer that takes results in any order and writes them in the order of the input.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{End, Outcome, Summary};

/// The maximum number of chunks that a submitted result can be ahead of the next one to write. Beyond it, the worker
/// waits.
const MAX_AHEAD: u64 = 16;

/// Takes rendered chunks and writes them in order.
pub(super) struct OrderedWriter<'a, O> {
    state: Mutex<State<O>>,
    /// Notified when a chunk was written, or when the batch ends early.
    progressed: Condvar,
    progress: &'a (dyn Fn(&Summary) + Sync),
}

struct State<O> {
    output: O,
    /// The number of the chunk to write next.
    next: u64,
    waiting: BTreeMap<u64, (Vec<u8>, Summary)>,
    summary: Summary,
    /// The reason why the batch ends.
    end: Option<End>,
}

impl<'a, O: Write> OrderedWriter<'a, O> {
    pub(super) fn new(output: O, progress: &'a (dyn Fn(&Summary) + Sync)) -> Self {
        let state =
            State { output, next: 0, waiting: BTreeMap::new(), summary: Summary::default(), end: None };
        Self { state: Mutex::new(state), progressed: Condvar::new(), progress }
    }

    /// Takes the result of a chunk and empties the buffer. Returns `false` if the output accepts no more.
    pub(super) fn submit(&self, number: u64, rendered: &mut Vec<u8>, summary: Summary) -> bool {
        let is_too_early = |state: &mut State<O>| number > state.next + MAX_AHEAD && !state.is_unwritable();
        let state = self.progressed.wait_while(self.state(), is_too_early);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if state.is_unwritable() {
            return false;
        }
        if number != state.next {
            state.waiting.insert(number, (std::mem::take(rendered), summary));
            return true;
        }
        let mut written = state.write(rendered, summary);
        rendered.clear();
        while written.is_ok()
            && let next = state.next
            && let Some((waiting, summary)) = state.waiting.remove(&next)
        {
            written = state.write(&waiting, summary);
        }
        self.progressed.notify_all();
        match written {
            Ok(()) => (self.progress)(&state.summary),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => state.end = Some(End::ReaderGone),
            Err(error) => state.end = Some(End::Output(error)),
        }
        !state.is_unwritable()
    }

    /// Sets the reason why the batch ends, unless there is one already.
    pub(super) fn end(&self, end: End) {
        self.state().end.get_or_insert(end);
    }

    /// Returns the outcome, once all workers are done.
    pub(super) fn close(self) -> Outcome {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        Outcome { summary: state.summary, end: state.end.unwrap_or(End::Finished) }
    }

    fn state(&self) -> MutexGuard<'_, State<O>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O: Write> State<O> {
    fn write(&mut self, rendered: &[u8], summary: Summary) -> io::Result<()> {
        self.output.write_all(rendered)?;
        self.output.flush()?;
        self.summary += summary;
        self.next += 1;
        Ok(())
    }

    fn is_unwritable(&self) -> bool {
        matches!(self.end, Some(End::ReaderGone | End::Output(_)))
    }
}
