//! Ctrl-C in a command that must finish something, or say what it leaves behind.

use tokio::runtime::Builder;
use tokio::sync::watch;

use crate::platform::{EXIT_CODE_INTERRUPTED, interrupts};

/// Calls `first` at the first Ctrl-C. The second one ends the process immediately.
///
/// A separate thread waits for Ctrl-C. If it cannot start, the first Ctrl-C ends the process.
pub fn on_interrupt(first: impl FnOnce() + Send + 'static) {
    std::thread::spawn(move || {
        let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            let Ok(mut interrupts) = interrupts() else { return };
            if interrupts.recv().await.is_some() {
                first();
            }
            if interrupts.recv().await.is_some() {
                std::process::exit(EXIT_CODE_INTERRUPTED);
            }
        });
    });
}

/// Whether Ctrl-C was pressed, for work that it stops. It can be used on any runtime.
#[derive(Debug, Clone)]
pub struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// From now on, the first Ctrl-C stops the work of [`Self::stops`], and nothing else.
    pub fn new() -> Self {
        let (pressed, receiver) = watch::channel(false);
        on_interrupt(move || {
            pressed.send_replace(true);
        });
        Self(receiver)
    }

    /// Returns the result of some work, or `None` if Ctrl-C stopped it.
    pub async fn stops<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut pressed = self.0.clone();
        tokio::select! {
            biased;
            Ok(_) = pressed.wait_for(|pressed| *pressed) => None,
            result = work => Some(result),
        }
    }
}
