//! How kubectl lays out the tables that the API server makes.
//!
//! Kubernetes: cli-runtime/pkg/printers/tableprinter.go.

use crate::{self as printers, Columns};
use api::meta::StringMap;
use api::object::{Kind, Object};
use cli_runtime::tabwriter::escape_terminal;
use sim::Time;

/// What is asked of a table.
#[derive(Clone, Debug, Default)]
pub struct TableOptions {
    /// `-o wide`: the columns marked with `*` too.
    pub wide: bool,
    /// `-A`: a column for the namespace, in front.
    pub with_namespace: bool,
    /// Put the kind before the name: `pod/web`.
    pub with_kind: bool,
    /// `--show-labels`: a column for the labels, at the end.
    pub show_labels: bool,
    /// `-L`: the values of these labels, each in a column of its own.
    pub label_columns: Vec<String>,
    /// `--no-headers`.
    pub no_headers: bool,
}

/// Cells joined by tabs, ready for the tab writer.
#[derive(Clone, Debug)]
pub struct Table {
    kind: Kind,
    columns: Columns,
    options: TableOptions,
}

impl Table {
    /// A table of objects of one kind.
    pub fn new(kind: Kind, options: TableOptions) -> Table {
        Table { kind, columns: printers::columns(kind), options }
    }

    fn shows(&self, column: &str) -> bool {
        self.options.wide || !column.starts_with('*')
    }

    /// The headings; empty when none are wanted.
    pub fn header(&self) -> String {
        if self.options.no_headers {
            return String::new();
        }
        let mut cells = Vec::new();
        if self.options.with_namespace {
            cells.push("NAMESPACE".to_owned());
        }
        let shown = self.columns.iter().filter(|column| self.shows(column));
        cells.extend(shown.map(|column| column.trim_start_matches('*').to_uppercase()));
        let last_part = |label: &String| label.rsplit('/').next().unwrap_or_default().to_uppercase();
        cells.extend(self.options.label_columns.iter().map(last_part));
        if self.options.show_labels {
            cells.push("LABELS".to_owned());
        }
        cells.join("\t") + "\n"
    }

    /// The line of one object.
    pub fn line(&self, object: &Object, now: Time) -> String {
        let mut cells = Vec::new();
        let key = object.key();
        if self.options.with_namespace {
            cells.push(key.namespace.to_string());
        }
        let mut row = printers::row(object, now);
        if self.options.with_kind {
            let name = self.columns.iter().position(|column| column.trim_start_matches('*') == "Name");
            if let Some(cell) = name.and_then(|at| row.get_mut(at)) {
                *cell = format!("{}/{cell}", self.kind.info().qualified_singular());
            }
        }
        let shown = self.columns.iter().zip(row).filter(|(column, _)| self.shows(column));
        cells.extend(shown.map(|(_, cell)| one_line(&cell)));
        let none = StringMap::new();
        let labels = object.meta().map_or(&none, |meta| meta.labels());
        let label =
            |key: &String| labels.get(key.as_str()).map(|value| value.to_string()).unwrap_or_default();
        cells.extend(self.options.label_columns.iter().map(label));
        if self.options.show_labels {
            cells.push(printers::format_labels(labels));
        }
        cells.join("\t") + "\n"
    }

    /// The whole table, its columns not yet aligned.
    pub fn text<'o>(&self, objects: impl IntoIterator<Item = &'o Object>, now: Time) -> String {
        let lines = objects.into_iter().map(|object| self.line(object, now));
        std::iter::once(self.header()).chain(lines).collect()
    }
}

/// A cell ends at its first line break, which is marked by dots.
fn one_line(cell: &str) -> String {
    let text = match cell.find(['\n', '\r', '\u{c}']) {
        Some(at) => format!("{}...", cell.get(..at).unwrap_or_default()),
        None => cell.to_owned(),
    };
    // A tab would begin a column.
    escape_terminal(&text).replace('\t', " ")
}
