//! The ways that messages take across the picture: curves between measured boxes, followed at even speed.

/// A box of the picture in pixels, from the scene's upper left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    fn centre_x(&self) -> f64 {
        self.x + self.width / 2.0
    }

    fn centre_y(&self) -> f64 {
        self.y + self.height / 2.0
    }

    fn right(&self) -> f64 {
        self.x + self.width
    }

    fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

pub type Point = (f64, f64);

const SAMPLES: usize = 16;

/// A way, as SVG's path and as points with their distance from the beginning.
#[derive(Clone, Debug, Default)]
pub struct Way {
    pub path: String,
    points: Vec<(Point, f64)>,
}

impl Way {
    fn from(start: Point) -> Way {
        Way { path: format!("M{:.1} {:.1}", start.0, start.1), points: vec![(start, 0.0)] }
    }

    fn end(&self) -> (Point, f64) {
        self.points.last().copied().unwrap_or_default()
    }

    fn push(&mut self, to: Point) {
        let (last, length) = self.end();
        self.points.push((to, length + (to.0 - last.0).hypot(to.1 - last.1)));
    }

    fn line(mut self, to: Point) -> Way {
        self.path += &format!("L{:.1} {:.1}", to.0, to.1);
        self.push(to);
        self
    }

    fn curve(mut self, a: Point, b: Point, to: Point) -> Way {
        let (from, _) = self.end();
        self.path += &format!("C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}", a.0, a.1, b.0, b.1, to.0, to.1);
        for step in 1..=SAMPLES {
            let t = step as f64 / SAMPLES as f64;
            let u = 1.0 - t;
            let mix = |p: f64, q: f64, r: f64, s: f64| {
                u * u * u * p + 3.0 * u * u * t * q + 3.0 * u * t * t * r + t * t * t * s
            };
            self.push((mix(from.0, a.0, b.0, to.0), mix(from.1, a.1, b.1, to.1)));
        }
        self
    }

    /// Down from here, then across, then down to there.
    fn swing(self, to: Point) -> Way {
        let (from, _) = self.end();
        let half = (to.1 - from.1) / 2.0;
        self.curve((from.0, from.1 + half), (to.0, to.1 - half), to)
    }

    /// From where to where it goes, if it is a level line between two boxes that stand beside each other.
    pub fn gap(&self) -> Option<(f64, f64)> {
        match &*self.points {
            [((x, y), _), ((to_x, to_y), _)] if (x - to_x).abs() > (y - to_y).abs() => {
                Some((x.min(*to_x), x.max(*to_x)))
            }
            _ => None,
        }
    }

    /// Where one is after this part (0 to 1) of the way.
    pub fn at(&self, part: f64) -> Point {
        let whole = self.end().1;
        let wanted = whole * part.clamp(0.0, 1.0);
        let after = self.points.partition_point(|(_, length)| *length < wanted);
        let (to, to_length) = self.points.get(after).copied().unwrap_or_else(|| self.end());
        let Some((from, from_length)) = after.checked_sub(1).and_then(|at| self.points.get(at)).copied()
        else {
            return to;
        };
        let t = (wanted - from_length) / (to_length - from_length).max(0.001);
        (from.0 + (to.0 - from.0) * t, from.1 + (to.1 - from.1) * t)
    }
}

/// Between the API server and a box beside it.
pub fn sideways(hub: Rect, other: Rect) -> Way {
    let y = other.centre_y().clamp(hub.y + 6.0, (hub.bottom() - 6.0).max(hub.y + 6.0));
    if other.centre_x() < hub.centre_x() {
        Way::from((hub.x, y)).line((other.right(), other.centre_y()))
    } else {
        Way::from((hub.right(), y)).line((other.x, other.centre_y()))
    }
}

/// From the API server down to a kubelet. Cards that stand in a lower row are reached through the gap on
/// their left, so that no wire crosses a card.
pub fn downwards(hub: Rect, kubelet: Rect, card: Rect, first_row: f64) -> Way {
    let to = (kubelet.centre_x(), kubelet.y);
    let lean = ((to.0 - hub.centre_x()) * 0.12).clamp(-hub.width * 0.4, hub.width * 0.4);
    let start = Way::from((hub.centre_x() + lean, hub.bottom()));
    if card.y <= first_row + 8.0 {
        return start.swing((to.0, card.y)).line(to);
    }
    let lane = card.x - 8.0;
    start.swing((lane, first_row - 2.0)).line((lane, card.y - 16.0)).swing((to.0, card.y + 2.0)).line(to)
}

/// From the API server down to all kubelets at once.
pub fn straight_down(hub: Rect, gate: Rect) -> Way {
    Way::from((hub.centre_x(), hub.bottom())).line((hub.centre_x(), gate.y))
}

/// Within a node's card: from the kubelet to a pod or a file, leaving and arriving at the left edge.
pub fn inside(kubelet: Rect, other: Rect) -> Way {
    let to = (other.x + 12.0, other.centre_y());
    let from = (kubelet.centre_x(), kubelet.bottom());
    let drop = ((to.1 - from.1) * 0.6).max(12.0);
    Way::from(from).curve((from.0, from.1 + drop), (to.0, to.1 - drop), to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_the_way_is_half_the_distance() {
        let way = Way::from((0.0, 0.0)).line((10.0, 0.0)).line((10.0, 30.0));
        assert_eq!(way.at(0.0), (0.0, 0.0));
        assert_eq!(way.at(0.25), (10.0, 0.0));
        assert_eq!(way.at(0.5), (10.0, 10.0));
        assert_eq!(way.at(2.0), (10.0, 30.0));
    }
}
