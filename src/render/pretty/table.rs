//! A table without borders: the columns are as wide as their widest cell, and the last one wraps. It may contain lines.

use owo_colors::OwoColorize;
use textwrap::core::display_width;

use super::Page;

/// The space between two columns.
const GAP: usize = 2;

/// The least width of the last column. If less is left, its text goes below the row.
const MIN_LAST: usize = 20;

/// A table of `N` columns. Cells may contain colors.
pub(super) struct Table<const N: usize> {
    header: [&'static str; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub(super) fn new(header: [&'static str; N]) -> Self {
        Self { header, rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells);
    }

    /// Writes the table with this indentation.
    pub(super) fn write(&self, page: &mut Page, indent: usize) {
        let mut widths = self.header.map(display_width);
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = display_width(&page.screen().shown(cell)).max(*width);
            }
        }
        let before_last: usize = widths[..N - 1].iter().map(|width| width + GAP).sum::<usize>() + indent;
        let is_narrow = before_last + widths[N - 1].min(MIN_LAST) > page.width();
        let hanging = if is_narrow { indent + 2 * GAP } else { before_last };
        for (index, row) in
            std::iter::once(self.header.map(str::to_owned)).chain(self.rows.iter().cloned()).enumerate()
        {
            let cells = row.map(|cell| page.screen().shown(&cell));
            let mut first = " ".repeat(indent);
            for (cell, width) in cells[..N - 1].iter().zip(widths) {
                first.push_str(cell);
                first.push_str(&" ".repeat(width - display_width(cell) + GAP));
            }
            let last = &cells[N - 1];
            if index == 0 {
                page.raw_line(&format!("{first}{last}").trim_end().dimmed().to_string());
            } else if last.is_empty() {
                // Wrapping an empty text would lose the row.
                page.raw_line(first.trim_end());
            } else {
                if is_narrow {
                    page.raw_line(first.trim_end());
                    first = " ".repeat(hanging);
                }
                for line in last.split('\n') {
                    page.hanging(&first, hanging, line);
                    first = " ".repeat(hanging);
                }
            }
        }
    }
}
