//! What a person does on the page.

use consul_peering::page;
use serde_json::json;

use crate::browser::{Browser, file_url};

impl Browser {
    /// Opens the page from a file, and waits until it is ready.
    pub fn open_page(&mut self) {
        let file = self.directory().join("peering.html");
        std::fs::write(&file, page::HTML).unwrap();
        self.navigate(&file_url(&file));
        self.wait_for("document.documentElement?.dataset?.ready === 'true'");
    }

    /// Pastes a text into a box, as the browser does: with an event that contains it. Waits until the result is drawn.
    pub fn paste(&mut self, text: &str) {
        self.evaluate("performance.clearMarks('drawn')");
        self.paste_into("box", text);
        self.wait_for("performance.getEntriesByName('drawn').length > 0");
    }

    /// Pastes a text into a box without waiting.
    pub fn paste_into(&mut self, id: &str, text: &str) {
        self.evaluate(&format!(
            "{{ const data = new DataTransfer(); data.setData('text/plain', {}); \
             document.getElementById('{id}').dispatchEvent(new ClipboardEvent('paste', \
             {{ clipboardData: data, bubbles: true, cancelable: true }})); }}",
            json!(text)
        ));
    }

    /// Sets the date with which dates are compared.
    pub fn set_date(&mut self, date: &str) {
        self.evaluate(&format!(
            "{{ const date = document.getElementById('date'); date.value = '{date}'; \
             date.dispatchEvent(new Event('change')); }}"
        ));
    }
}
