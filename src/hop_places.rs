//! Where the numbers of the trail stand: beside the ways, and on no word of the boxes.

use super::wires::{Point, Rect};

/// The height of a number at a scale of 1.
const SIZE: f64 = 18.0;
/// From one number to the next, of one digit and of two: their widths and a gap between them.
const PITCH: f64 = 20.0;
const WIDE_PITCH: f64 = 28.0;

/// A number's place among those that share its line, and how large the picture is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub at: usize,
    pub count: usize,
    /// Whether one of them has two digits.
    pub wide: bool,
    pub scale: f64,
}

impl Slot {
    fn pitch(self) -> f64 {
        self.scale * if self.wide { WIDE_PITCH } else { PITCH }
    }
}

/// The place on the level way between two boxes, which is `gap` at the height `y`: in one row as long as there is
/// room, else in one above the line and one below.
pub fn in_gap(gap: (f64, f64), y: f64, slot: Slot) -> Point {
    let (from, to) = gap;
    let room = (((to - from) / slot.pitch()) as usize).max(1);
    let rows = if slot.count <= room { 1 } else { 2 };
    let in_row = slot.count.div_ceil(rows).max(1);
    let (row, column) = (slot.at / in_row, slot.at % in_row);
    let here = if row + 1 < rows { in_row } else { slot.count - in_row * (rows - 1) };
    let pitch = slot.pitch().min((to - from) / here.max(1) as f64);
    let x = (from + to) / 2.0 + (column as f64 - (here as f64 - 1.0) / 2.0) * pitch;
    let lift = if rows == 1 { 0.0 } else { (row as f64 - 0.5) * (SIZE + 1.0) * slot.scale };
    (x, y + lift)
}

/// The same on the upper edge of a node's card, from its kubelet to the left.
pub fn on_top(kubelet: Rect, card: Rect, slot: Slot) -> Point {
    let right = kubelet.x + kubelet.width / 2.0;
    let room = right - card.x;
    let pitch = slot.pitch().min(room / slot.count.max(1) as f64);
    (right - (slot.count.saturating_sub(slot.at + 1)) as f64 * pitch, card.y - 2.0 * slot.scale)
}

/// The same at the height `y` of a line in a node's card: by turns on its left and its right edge, where no word is;
/// more of them one below the other.
pub fn at_edge(card: Rect, y: f64, slot: Slot) -> Point {
    let x = if slot.at.is_multiple_of(2) { card.x } else { card.x + card.width };
    let here = (slot.count + 1 - slot.at % 2) / 2;
    let row = (slot.at / 2) as f64 - (here as f64 - 1.0) / 2.0;
    (x, y + row * (SIZE + 1.0) * slot.scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(count: usize) -> impl Iterator<Item = Slot> {
        (0..count).map(move |at| Slot { at, count, wide: count > 9, scale: 1.0 })
    }

    /// Whether no number touches another one: each is as wide as its pitch less the gap, and `SIZE` high.
    fn are_apart(places: &[Point], width: f64) -> bool {
        let apart = |a: &Point, b: &Point| (a.0 - b.0).abs() > width || (a.1 - b.1).abs() > SIZE;
        let mut pairs =
            places.iter().enumerate().flat_map(|(at, a)| places[..at].iter().map(move |b| (a, b)));
        pairs.all(|(a, b)| apart(a, b))
    }

    #[test]
    fn numbers_of_one_way_stand_apart_in_the_order_of_reading() {
        let places: Vec<Point> = slots(7).map(|slot| in_gap((100.0, 200.0), 50.0, slot)).collect();
        assert!(places.iter().all(|(x, _)| (100.0..=200.0).contains(x)), "{places:?}");
        assert!(are_apart(&places, SIZE), "{places:?}");
        assert!(places[0].1 < places[6].1 && places[0].0 < places[3].0, "{places:?}");
        let wide: Vec<Point> = slots(10).map(|slot| in_gap((100.0, 260.0), 50.0, slot)).collect();
        assert!(are_apart(&wide, 26.0), "{wide:?}");
        let alone = Slot { at: 0, count: 1, wide: false, scale: 1.0 };
        assert_eq!(in_gap((100.0, 200.0), 50.0, alone), (150.0, 50.0));
    }

    #[test]
    fn more_numbers_than_there_is_room_for_stay_between_the_boxes() {
        for slot in slots(30) {
            let (x, _) = in_gap((100.0, 140.0), 0.0, slot);
            assert!((100.0..=140.0).contains(&x), "{slot:?}: {x}");
        }
    }

    #[test]
    fn in_a_card_they_stand_on_its_edges() {
        let card = Rect { x: 10.0, y: 100.0, width: 300.0, height: 200.0 };
        let kubelet = Rect { x: 240.0, y: 104.0, width: 60.0, height: 22.0 };
        let top: Vec<Point> = slots(3).map(|slot| on_top(kubelet, card, slot)).collect();
        assert_eq!(top, [(230.0, 98.0), (250.0, 98.0), (270.0, 98.0)]);
        let places: Vec<Point> = slots(3).map(|slot| at_edge(card, 150.0, slot)).collect();
        assert_eq!(places, [(10.0, 140.5), (310.0, 150.0), (10.0, 159.5)]);
    }
}
