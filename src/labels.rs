//! Where the label of a message stands: off the names of the boxes that it passes.

use super::wires::{Point, Way};

/// Pixels that a label's letter takes on average, its ends together, and its way from the dot, at a scale of 1.
const LETTER: f64 = 6.9;
const ENDS: f64 = 15.0;
const AWAY: f64 = 9.0;
/// So far a label may reach into the boxes at both ends of its way.
const INTO: f64 = 8.0;
/// Nearer than this to the picture's edge it never comes.
const MARGIN: f64 = 3.0;

/// How the picture is drawn: its width in pixels, and how large everything is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    pub width: f64,
    pub scale: f64,
}

impl Default for Measure {
    fn default() -> Measure {
        Measure { width: f64::INFINITY, scale: 1.0 }
    }
}

fn width_of(text: &str, measure: Measure) -> f64 {
    (text.chars().count() as f64 * LETTER + ENDS) * measure.scale
}

/// Whether a label has room beside the names of the boxes that its way lies between.
pub fn has_room(way: &Way, text: &str, measure: Measure) -> bool {
    way.gap().is_none_or(|(from, to)| width_of(text, measure) <= to - from + 2.0 * INTO)
}

/// The left edge of the label of a dot at `at`, in pixels from the dot.
///
/// Between two boxes it stays in the gap; elsewhere it ends before the dot, as names stand on the left and the ways
/// end at the right.
pub fn left_edge(way: &Way, at: Point, text: &str, measure: Measure) -> f64 {
    let width = width_of(text, measure);
    let (x, _) = at;
    let left = match way.gap() {
        Some((from, to)) => {
            let (first, last) = (from - INTO, to + INTO - width);
            if first <= last { (x - width / 2.0).clamp(first, last) } else { (from + to - width) / 2.0 }
        }
        None => x - width - AWAY * measure.scale,
    };
    let most = (measure.width - width - MARGIN).max(MARGIN);
    left.clamp(MARGIN, most) - x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wires::{Rect, inside, sideways};

    const MEASURE: Measure = Measure { width: 800.0, scale: 1.0 };

    fn rect(x: f64, y: f64, width: f64) -> Rect {
        Rect { x, y, width, height: 40.0 }
    }

    #[test]
    fn between_boxes_a_label_stays_in_the_gap() {
        let way = sideways(rect(400.0, 0.0, 100.0), rect(0.0, 0.0, 200.0));
        for part in [0.0, 0.3, 1.0] {
            let at = way.at(part);
            let left = at.0 + left_edge(&way, at, "create Pod", MEASURE);
            let right = left + 10.0 * LETTER + ENDS;
            assert!(left >= 200.0 - INTO && right <= 400.0 + INTO, "{part}: {left} to {right}");
        }
        assert!(
            has_room(&way, "create Pod", MEASURE)
                && !has_room(&way, "create DaemonSet of a long name", MEASURE)
        );
        // One that is wider than the gap reaches as far into both boxes.
        let narrow = sideways(rect(250.0, 0.0, 100.0), rect(0.0, 0.0, 200.0));
        let at = narrow.at(1.0);
        let left = at.0 + left_edge(&narrow, at, "update status DaemonSet", MEASURE);
        assert!((left + (23.0 * LETTER + ENDS) / 2.0 - 225.0).abs() < 0.001, "{left}");
    }

    #[test]
    fn elsewhere_it_ends_before_the_dot_and_within_the_picture() {
        let way = inside(rect(600.0, 0.0, 60.0), rect(300.0, 80.0, 300.0));
        let at = way.at(0.0);
        assert!(left_edge(&way, at, "run Sandbox", MEASURE) + 11.0 * LETTER + ENDS < 0.0);
        let near_the_edge = (20.0, 50.0);
        assert_eq!(20.0 + left_edge(&way, near_the_edge, "run Sandbox", MEASURE), MARGIN);
    }
}
