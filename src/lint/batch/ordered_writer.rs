//! Where results are handed in, in any order, and from where they go out in the order of the input.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{End, Outcome, Summary};

/// How many chunks before its turn a result may wait without its worker.
const MAX_AHEAD: u64 = 16;

/// Takes rendered chunks and writes them in order.
pub(super) struct OrderedWriter<'a, O> {
    state: Mutex<State<O>>,
    /// Told when a turn has passed, or when the batch ends early.
    moved: Condvar,
    progress: &'a (dyn Fn(&Summary) + Sync),
}

struct State<O> {
    output: O,
    /// The chunk to write next.
    turn: u64,
    waiting: BTreeMap<u64, (Vec<u8>, Summary)>,
    summary: Summary,
    /// Why there is no more to come.
    end: Option<End>,
}

impl<'a, O: Write> OrderedWriter<'a, O> {
    pub(super) fn new(output: O, progress: &'a (dyn Fn(&Summary) + Sync)) -> Self {
        let state =
            State { output, turn: 0, waiting: BTreeMap::new(), summary: Summary::default(), end: None };
        Self { state: Mutex::new(state), moved: Condvar::new(), progress }
    }

    /// Takes a chunk's result, and empties the buffer. `false`: nobody wants more.
    pub(super) fn submit(&self, number: u64, rendered: &mut Vec<u8>, summary: Summary) -> bool {
        let too_early = |state: &mut State<O>| number > state.turn + MAX_AHEAD && !state.is_unwritable();
        let state = self.moved.wait_while(self.state(), too_early);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if state.is_unwritable() {
            return false;
        }
        if number != state.turn {
            state.waiting.insert(number, (std::mem::take(rendered), summary));
            return true;
        }
        let mut written = state.write(rendered, summary);
        rendered.clear();
        while written.is_ok()
            && let turn = state.turn
            && let Some((waiting, summary)) = state.waiting.remove(&turn)
        {
            written = state.write(&waiting, summary);
        }
        self.moved.notify_all();
        match written {
            Ok(()) => (self.progress)(&state.summary),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => state.end = Some(End::ReaderGone),
            Err(error) => state.end = Some(End::Output(error)),
        }
        !state.is_unwritable()
    }

    /// No more will be taken, for this reason, unless there was one before.
    pub(super) fn end(&self, end: End) {
        self.state().end.get_or_insert(end);
    }

    /// When all workers are done.
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
        self.turn += 1;
        Ok(())
    }

    /// Whether whatever is handed in comes for nothing.
    fn is_unwritable(&self) -> bool {
        matches!(self.end, Some(End::ReaderGone | End::Output(_)))
    }
}
