//! Where each node stands on the map: cells of one unit, in blocks by a label's value.

use std::rc::Rc;

use sim::SortedMap;
use view::Fleet;

/// Room above a block for its name, and between blocks.
const HEAD: f64 = 1.8;
const GAP: f64 = 1.2;

/// More rows of blocks than this are not tried.
const SHELVES: usize = 8;

/// A block of nodes that have something in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The label's value; empty for those that have none, or where there is one block only.
    pub name: Rc<str>,
    pub x: f64,
    pub y: f64,
    pub columns: usize,
    pub rows: usize,
    /// Its nodes in [`Layout::order`].
    pub begin: usize,
    pub end: usize,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    pub groups: Vec<Group>,
    /// The nodes' numbers, block by block.
    pub order: Vec<usize>,
    /// Of each node, the left upper corner of its cell.
    pub places: Vec<(f64, f64)>,
    pub width: f64,
    pub height: f64,
}

/// Blocks of cells beside each other, all of one height.
struct Shelf {
    columns: Vec<usize>,
    rows: usize,
}

fn shelf(counts: &[usize], width: f64) -> Shelf {
    let all: usize = counts.iter().sum();
    let room = (width - GAP * counts.len().saturating_sub(1) as f64).max(counts.len() as f64);
    let mut rows = ((all as f64 / room).floor() as usize).max(1);
    loop {
        let columns: Vec<usize> = counts.iter().map(|count| count.div_ceil(rows)).collect();
        if columns.iter().sum::<usize>() as f64 <= room || rows >= all {
            return Shelf { columns, rows };
        }
        rows += 1;
    }
}

/// Distributes the blocks over so many shelves, in their order, by size.
fn divide(counts: &[usize], shelves: usize) -> Vec<&[usize]> {
    let all: usize = counts.iter().sum();
    let mut parts = Vec::new();
    let (mut begin, mut sum) = (0, 0);
    for (at, count) in counts.iter().enumerate() {
        sum += count;
        let left = counts.len() - at - 1;
        let wanted = all * (parts.len() + 1) / shelves;
        if (sum >= wanted || left < shelves - parts.len()) && parts.len() + 1 < shelves {
            parts.push(&counts[begin..=at]);
            begin = at + 1;
        }
    }
    if begin < counts.len() {
        parts.push(&counts[begin..]);
    }
    parts
}

fn arrange(counts: &[usize], shelves: usize, aspect: f64, head: f64) -> (Vec<Shelf>, f64, f64) {
    let all = counts.iter().sum::<usize>() as f64;
    let mut width = (all * aspect).sqrt().ceil().max(1.0);
    let mut best: Option<(Vec<Shelf>, f64, f64, f64)> = None;
    // What the heads and gaps take is made up for by some more width.
    for _ in 0..6 {
        let rows: Vec<Shelf> = divide(counts, shelves).into_iter().map(|part| shelf(part, width)).collect();
        let wide = |row: &Shelf| {
            row.columns.iter().sum::<usize>() as f64 + GAP * row.columns.len().saturating_sub(1) as f64
        };
        let full = rows.iter().map(wide).fold(1.0, f64::max);
        let high: f64 = rows.iter().map(|row| row.rows as f64 + head).sum::<f64>()
            + GAP * rows.len().saturating_sub(1) as f64;
        let cell = (aspect / full).min(1.0 / high);
        if best.as_ref().is_none_or(|(.., most)| cell > *most) {
            best = Some((rows, full, high, cell));
        }
        width *= 1.06;
    }
    best.map_or_else(|| (Vec::new(), 1.0, 1.0), |(rows, full, high, _)| (rows, full, high))
}

impl Layout {
    /// Puts the nodes into a picture of about this ratio of width to height.
    pub fn new(fleet: &Fleet, label: Option<&str>, aspect: f64) -> Layout {
        let mut blocks: SortedMap<Rc<str>, Vec<usize>> = SortedMap::new();
        let none: Rc<str> = "".into();
        for (at, node) in fleet.nodes.iter().enumerate() {
            let value = label.and_then(|label| node.label(label)).unwrap_or(&none);
            blocks.entry(value.clone()).or_default().push(at);
        }
        let counts: Vec<usize> = blocks.values().map(Vec::len).collect();
        let head = if label.is_some() { HEAD } else { 0.0 };
        let aspect = aspect.clamp(0.2, 5.0);
        let tries =
            (1..=counts.len().clamp(1, SHELVES)).map(|shelves| arrange(&counts, shelves, aspect, head));
        let cell = |width: f64, height: f64| (aspect / width).min(1.0 / height);
        let (shelves, width, height) = tries
            .max_by(|a, b| cell(a.1, a.2).total_cmp(&cell(b.1, b.2)))
            .unwrap_or_else(|| (Vec::new(), 1.0, 1.0));
        let mut layout =
            Layout { places: vec![(0.0, 0.0); fleet.nodes.len()], width, height, ..Layout::default() };
        layout.fill(shelves, blocks, head);
        layout
    }

    fn fill(&mut self, shelves: Vec<Shelf>, blocks: SortedMap<Rc<str>, Vec<usize>>, head: f64) {
        let mut blocks = blocks.into_iter();
        let mut y = 0.0;
        for shelf in shelves {
            let mut x = 0.0;
            for (columns, (name, nodes)) in shelf.columns.iter().copied().zip(blocks.by_ref()) {
                let begin = self.order.len();
                for (at, node) in nodes.iter().enumerate() {
                    let place = (x + (at % columns) as f64, y + head + (at / columns) as f64);
                    self.places[*node] = place;
                }
                self.order.extend(nodes);
                let rows = (self.order.len() - begin).div_ceil(columns);
                self.groups.push(Group { name, x, y: y + head, columns, rows, begin, end: self.order.len() });
                x += columns as f64 + GAP;
            }
            y += head + shelf.rows as f64 + GAP;
        }
    }

    /// The node at a point.
    pub fn at(&self, x: f64, y: f64) -> Option<usize> {
        let group = self.groups.iter().find(|group| {
            let (dx, dy) = (x - group.x, y - group.y);
            dx >= 0.0 && dy >= 0.0 && dx < group.columns as f64 && dy < group.rows as f64
        })?;
        let (column, row) = ((x - group.x) as usize, (y - group.y) as usize);
        let at = group.begin + row * group.columns + column;
        self.order.get(at).filter(|_| at < group.end).copied()
    }

    /// The nodes whose cells meet a rectangle.
    pub fn within(&self, left: f64, top: f64, right: f64, bottom: f64) -> Vec<usize> {
        let mut found = Vec::new();
        for group in &self.groups {
            let clamp = |value: f64, most: usize| value.clamp(0.0, most as f64) as usize;
            let first =
                (clamp((left - group.x).floor(), group.columns), clamp((top - group.y).floor(), group.rows));
            let last = (
                clamp((right - group.x).ceil(), group.columns),
                clamp((bottom - group.y).ceil(), group.rows),
            );
            for row in first.1..last.1 {
                let begin = group.begin + row * group.columns;
                let to = (begin + last.0).min(group.end);
                found.extend(self.order.get(begin + first.0..to).unwrap_or_default());
            }
        }
        found
    }

    /// The nearest node in a direction, from a node.
    pub fn beside(&self, node: usize, dx: f64, dy: f64) -> Option<usize> {
        let (x, y) = self.places.get(node).copied()?;
        let cost = |(to_x, to_y): (f64, f64)| {
            let along = (to_x - x) * dx + (to_y - y) * dy;
            let aside = ((to_x - x) * dy).abs() + ((to_y - y) * dx).abs();
            (along > 0.5).then_some(along + 3.0 * aside)
        };
        let near = self.places.iter().enumerate().filter_map(|(at, place)| Some((at, cost(*place)?)));
        near.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stage::{Options, Stage, Start};
    use view::Gaze;

    fn fleet(workers: u32, zones: u32) -> Rc<Fleet> {
        let options =
            Options { workers, zones, kube_proxy: false, start: Start::Ready, ..Options::default() };
        let mut stage = Stage::new(options);
        stage.look(&Gaze::default(), || true);
        stage.fleet().clone()
    }

    #[test]
    fn every_node_has_a_cell_of_its_own_and_is_found_there() {
        let fleet = fleet(60, 3);
        for label in [None, Some("topology.kubernetes.io/zone"), Some("kubernetes.io/hostname")] {
            for aspect in [0.5, 1.0, 2.4] {
                let layout = Layout::new(&fleet, label, aspect);
                for (at, (x, y)) in layout.places.iter().copied().enumerate() {
                    assert_eq!(layout.at(x + 0.5, y + 0.5), Some(at), "{label:?} {aspect}");
                    assert!(x + 1.0 <= layout.width + 1e-9 && y + 1.0 <= layout.height + 1e-9);
                }
                let mut all = layout.within(-1.0, -1.0, layout.width + 1.0, layout.height + 1.0);
                all.sort_unstable();
                assert_eq!(all, (0..61).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn nodes_stand_by_their_zone() {
        let layout = Layout::new(&fleet(60, 3), Some("topology.kubernetes.io/zone"), 1.6);
        let names: Vec<(&str, usize)> =
            layout.groups.iter().map(|group| (&*group.name, group.end - group.begin)).collect();
        assert_eq!(names, [("", 1), ("zone-a", 20), ("zone-b", 20), ("zone-c", 20)]);
    }

    #[test]
    fn arrows_go_to_the_neighbour() {
        let layout = Layout::new(&fleet(8, 0), None, 1.0);
        assert_eq!(layout.groups[0].columns, 3);
        assert_eq!(layout.beside(4, 1.0, 0.0), Some(5));
        assert_eq!(layout.beside(4, -1.0, 0.0), Some(3));
        assert_eq!(layout.beside(4, 0.0, -1.0), Some(1));
        assert_eq!(layout.beside(8, 0.0, 1.0), None);
    }

    #[test]
    fn no_node_is_no_picture() {
        let layout = Layout::new(&Fleet::default(), None, 1.0);
        assert_eq!((layout.at(0.0, 0.0), layout.within(0.0, 0.0, 9.0, 9.0).len()), (None, 0));
    }
}
