//! A grid as SVG: a row for each dialer, a column for each acceptor, and a cell with a sign for each pair that peers.

use maud::{Markup, html};
use textwrap::core::display_width;

use super::view::State;
use crate::render::html::parts::{scrolling, table};
use crate::render::pretty::Mark;

/// The estimated width of a character of a name, in pixels.
const CHARACTER: usize = 8;

/// How many columns of a name are shown.
const MAX_NAME: usize = 26;

/// The space between two groups, in pixels.
const GAP: usize = 8;

/// By how much a broken cell exceeds its place on each side, in pixels.
const EXCESS: usize = 2;

/// A name at a row or column.
#[derive(Clone)]
pub(super) struct Label {
    pub name: String,
    /// Whether a group starts here.
    pub starts_group: bool,
    /// The sign of the cluster itself.
    pub mark: Option<Mark>,
}

/// A pair that peers.
pub(super) struct Cell {
    pub row: usize,
    pub column: usize,
    pub state: State,
    /// The sign, with a number if the cell stands for several peerings.
    pub sign: String,
    /// What the cell says in words.
    pub text: String,
    /// Whether it stands for several peerings, few of which are in its state.
    pub is_mild: bool,
}

/// A grid.
pub(super) struct Grid {
    pub title: String,
    pub description: String,
    pub rows: Vec<Label>,
    pub columns: Vec<Label>,
    pub cells: Vec<Cell>,
    /// The width and height of a cell, in pixels.
    pub size: (usize, usize),
    /// Whether rows and columns are the same clusters.
    pub is_square: bool,
}

impl Grid {
    /// Returns the picture, and the same as a table.
    pub(super) fn render(mut self) -> Markup {
        self.cells.sort_by_key(|cell| (cell.state, cell.row, cell.column));
        let (width, height) = self.size;
        let left = longest(&self.rows) + 8;
        let top = longest(&self.columns) + 8;
        let x = positions(&self.columns, width, left);
        let y = positions(&self.rows, height, top);
        let (right, bottom) =
            (x.last().map_or(left, |at| at + width), y.last().map_or(top, |at| at + height));
        let font = (height * 3 / 5).clamp(8, 16);
        let picture = html! {
            svg class="grid" role="img" width=(right + 4) height=(bottom + 4)
                viewBox={ "0 0 " (right + 4) " " (bottom + 4) } {
                title { (self.title) }
                desc { (self.description) }
                @for (label, y) in self.rows.iter().zip(&y) {
                    line class="rule" x1=(left) y1=(y + height / 2) x2=(right) y2=(y + height / 2) {}
                    text class="name" x=(left - 6) y=(y + height / 2) text-anchor="end" { (name(label)) }
                }
                @for (label, x) in self.columns.iter().zip(&x) {
                    @let middle = x + width / 2;
                    line class="rule" x1=(middle) y1=(top) x2=(middle) y2=(bottom) {}
                    text class="name" x=(middle) y=(top - 6) transform={ "rotate(-90 " (middle) " " (top - 6) ")" } {
                        (name(label))
                    }
                }
                @if self.is_square {
                    @for (x, y) in x.iter().zip(&y) {
                        rect class="self" x=(x + 1) y=(y + 1) width=(width - 2) height=(height - 2) {}
                    }
                }
                @for cell in &self.cells { (draw(cell, (x[cell.column], y[cell.row]), self.size, font)) }
            }
        };
        html! {
            (scrolling(&self.title, &picture))
            (self.as_table())
        }
    }

    /// Returns the cells with problems as a table, for those who do not see the picture.
    fn as_table(&self) -> Markup {
        let cells = self.cells.iter().rev().filter(|cell| cell.state != State::Works);
        let rows: Vec<Vec<Markup>> = cells
            .map(|cell| {
                vec![
                    html! { (self.rows[cell.row].name) },
                    html! { (self.columns[cell.column].name) },
                    html! { (cell.sign) " " (cell.text) },
                ]
            })
            .collect();
        html! {
            details {
                summary { "The same as a table" }
                @if rows.is_empty() {
                    p { "Every pair works." }
                } @else {
                    (table(&self.title, &["Dialer", "Acceptor", "State"], &rows))
                    p { "Every other pair works." }
                }
            }
        }
    }
}

/// Returns a cell: a broken one is larger than its place, one that works is smaller.
fn draw(cell: &Cell, (x, y): (usize, usize), (width, height): (usize, usize), font: usize) -> Markup {
    let (x, y, width, height) = match cell.state {
        State::Broken => (x - EXCESS, y - EXCESS, width + 2 * EXCESS, height + 2 * EXCESS),
        State::Attention => (x, y, width, height),
        State::OneEnd | State::Works => (x + 2, y + 2, width - 4, height - 4),
    };
    html! {
        g class={ (cell.state.class()) @if cell.is_mild { " mild" } } {
            title { (cell.text) }
            rect x=(x) y=(y) width=(width) height=(height) rx="2" {}
            text x=(x + width / 2) y=(y + height / 2) font-size=(font) text-anchor="middle" { (cell.sign) }
        }
    }
}

fn name(label: &Label) -> Markup {
    html! {
        @if let Some(mark) = label.mark { (mark.symbol()) " " }
        (cut(&label.name))
        @if display_width(&label.name) > MAX_NAME { title { (label.name) } }
    }
}

/// Cuts a name that is too long for a picture.
pub(super) fn cut(name: &str) -> String {
    if display_width(name) <= MAX_NAME {
        return name.to_owned();
    }
    let mut kept = String::new();
    for character in name.chars() {
        if display_width(&kept) + 2 > MAX_NAME {
            break;
        }
        kept.push(character);
    }
    kept + "…"
}

/// Returns the width of the longest name, in pixels.
fn longest(labels: &[Label]) -> usize {
    let width = |label: &Label| display_width(&cut(&label.name)) + if label.mark.is_some() { 2 } else { 0 };
    labels.iter().map(width).max().unwrap_or_default() * CHARACTER
}

/// Returns where each row or column starts, in pixels.
fn positions(labels: &[Label], size: usize, start: usize) -> Vec<usize> {
    let mut at = start;
    labels
        .iter()
        .enumerate()
        .map(|(index, label)| {
            if index > 0 {
                at += size + if label.starts_group { GAP } else { 0 };
            }
            at
        })
        .collect()
}
