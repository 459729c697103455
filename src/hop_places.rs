//! Where the numbers of the trail stand: beside the ways, and on no word of the boxes.

use super::wires::{Point, Rect};

/// The height and width of a number at a scale of 1, and from one to the next.
const SIZE: f64 = 18.0;
const PITCH: f64 = 19.0;

/// The place of the number `at` of `count` on the level way between two boxes, which is `gap` at the height `y`: in
/// one row as long as there is room, else in one above the line and one below.
pub fn in_gap(gap: (f64, f64), y: f64, at: usize, count: usize, scale: f64) -> Point {
    let (from, to) = gap;
    let room = (((to - from) / (PITCH * scale)) as usize).max(1);
    let rows = if count <= room { 1 } else { 2 };
    let in_row = count.div_ceil(rows).max(1);
    let (row, column) = (at / in_row, at % in_row);
    let here = if row + 1 < rows { in_row } else { count - in_row * (rows - 1) };
    let pitch = (PITCH * scale).min((to - from) / here.max(1) as f64);
    let x = (from + to) / 2.0 + (column as f64 - (here as f64 - 1.0) / 2.0) * pitch;
    let lift = if rows == 1 { 0.0 } else { (row as f64 - 0.5) * SIZE * scale };
    (x, y + lift)
}

/// The same on the upper edge of a node's card, from its kubelet to the left.
pub fn on_top(kubelet: Rect, card: Rect, at: usize, count: usize, scale: f64) -> Point {
    let right = kubelet.x + kubelet.width / 2.0;
    let room = right - card.x;
    let pitch = (PITCH * scale).min(room / count.max(1) as f64);
    (right - (count.saturating_sub(at + 1)) as f64 * pitch, card.y - 2.0 * scale)
}

/// The same at the height `y` of a line in a node's card: by turns on its left and its right edge, where no word is;
/// more of them one below the other.
pub fn at_edge(card: Rect, y: f64, at: usize, scale: f64) -> Point {
    let x = if at.is_multiple_of(2) { card.x } else { card.x + card.width };
    (x, y + (at / 2) as f64 * SIZE * 0.6 * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_one_way_stand_apart_in_the_order_of_reading() {
        let places: Vec<Point> = (0..7).map(|at| in_gap((100.0, 200.0), 50.0, at, 7, 1.0)).collect();
        for (at, (x, y)) in places.iter().enumerate() {
            assert!((100.0..=200.0).contains(x), "{places:?}");
            let apart =
                |(other_x, other_y): &Point| (x - other_x).abs() >= SIZE || (y - other_y).abs() >= SIZE;
            assert!(
                places.iter().enumerate().all(|(other, place)| other == at || apart(place)),
                "{places:?}"
            );
        }
        assert!(places[0].1 < places[6].1 && places[0].0 < places[3].0, "{places:?}");
        assert_eq!(in_gap((100.0, 200.0), 50.0, 0, 1, 1.0), (150.0, 50.0));
    }

    #[test]
    fn more_numbers_than_there_is_room_for_stay_between_the_boxes() {
        for at in 0..30 {
            let (x, _) = in_gap((100.0, 140.0), 0.0, at, 30, 1.0);
            assert!((100.0..=140.0).contains(&x), "{at}: {x}");
        }
    }

    #[test]
    fn in_a_card_they_stand_on_its_edges() {
        let card = Rect { x: 10.0, y: 100.0, width: 300.0, height: 200.0 };
        let kubelet = Rect { x: 240.0, y: 104.0, width: 60.0, height: 22.0 };
        assert_eq!(on_top(kubelet, card, 2, 3, 1.0), (270.0, 98.0));
        assert_eq!(on_top(kubelet, card, 0, 3, 1.0), (232.0, 98.0));
        let places: Vec<f64> = (0..3).map(|at| at_edge(card, 150.0, at, 1.0).0).collect();
        assert_eq!(places, [10.0, 310.0, 10.0]);
    }
}
