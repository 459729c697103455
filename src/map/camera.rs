//! Which part of the map is seen, and how large: pure arithmetic between cells and pixels.

/// The largest a cell gets: room for a node's whole card.
pub const LARGEST: f64 = 340.0;
/// How fast the picture follows what was asked for.
const FOLLOW_MS: f64 = 70.0;
const MARGIN: f64 = 10.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// The point of the map in the middle of the picture.
    pub x: f64,
    pub y: f64,
    /// Pixels of a cell.
    pub scale: f64,
}

#[derive(Clone, Copy, Debug)]
pub struct Camera {
    pub now: View,
    target: View,
    /// Pixels of the picture.
    pub width: f64,
    pub height: f64,
    /// The map's size in cells.
    map: (f64, f64),
    /// Shows all until somebody zooms.
    fits: bool,
}

impl Default for Camera {
    fn default() -> Camera {
        let view = View { x: 0.5, y: 0.5, scale: 10.0 };
        Camera { now: view, target: view, width: 1.0, height: 1.0, map: (1.0, 1.0), fits: true }
    }
}

impl Camera {
    /// The view that shows everything.
    fn whole(&self) -> View {
        let (width, height) = self.map;
        let room = ((self.width - 2.0 * MARGIN).max(1.0), (self.height - 2.0 * MARGIN).max(1.0));
        let scale = (room.0 / width).min(room.1 / height).clamp(0.5, LARGEST);
        View { x: width / 2.0, y: height / 2.0, scale }
    }

    /// The picture or the map has another size.
    pub fn resize(&mut self, width: f64, height: f64, map: (f64, f64)) {
        (self.width, self.height) = (width.max(1.0), height.max(1.0));
        self.map = (map.0.max(1.0), map.1.max(1.0));
        if self.fits {
            self.target = self.whole();
            self.now = self.target;
        } else {
            self.target = self.bounded(self.target);
        }
    }

    pub fn fit(&mut self) {
        self.fits = true;
        self.target = self.whole();
    }

    fn bounded(&self, view: View) -> View {
        let least = self.whole().scale * 0.7;
        View {
            x: view.x.clamp(0.0, self.map.0),
            y: view.y.clamp(0.0, self.map.1),
            scale: view.scale.clamp(least.min(LARGEST), LARGEST),
        }
    }

    /// Zooms so that what is under this point of the picture stays there.
    pub fn zoom_at(&mut self, x: f64, y: f64, factor: f64) {
        let old = self.target;
        let scale = self.bounded(View { scale: old.scale * factor, ..old }).scale;
        let (dx, dy) = (x - self.width / 2.0, y - self.height / 2.0);
        let moved = |centre: f64, off: f64| centre + off / old.scale - off / scale;
        self.fits = false;
        self.target = self.bounded(View { x: moved(old.x, dx), y: moved(old.y, dy), scale });
    }

    pub fn zoom(&mut self, factor: f64) {
        self.zoom_at(self.width / 2.0, self.height / 2.0, factor);
    }

    /// Moves the picture by pixels, at once.
    pub fn drag(&mut self, dx: f64, dy: f64) {
        let by = |view: View| View { x: view.x - dx / view.scale, y: view.y - dy / view.scale, ..view };
        self.fits = false;
        (self.target, self.now) = (self.bounded(by(self.target)), self.bounded(by(self.now)));
    }

    /// Goes to a cell, at this scale at least.
    pub fn go_to(&mut self, cell: (f64, f64), scale: f64) {
        self.fits = false;
        let scale = self.target.scale.max(scale);
        self.target = self.bounded(View { x: cell.0 + 0.5, y: cell.1 + 0.5, scale });
    }

    /// Moves as little as needed for a cell to be seen.
    pub fn reveal(&mut self, cell: (f64, f64)) {
        let half = (self.width / 2.0 / self.target.scale, self.height / 2.0 / self.target.scale);
        let near = |centre: f64, at: f64, half: f64| match half > 1.0 {
            true => centre.clamp(at + 1.5 - half, (at - 0.5 + half).max(at + 1.5 - half)),
            false => at + 0.5,
        };
        let (x, y) = (near(self.target.x, cell.0, half.0), near(self.target.y, cell.1, half.1));
        if (x, y) != (self.target.x, self.target.y) {
            self.fits = false;
            self.target = self.bounded(View { x, y, ..self.target });
        }
    }

    /// Follows the target; whether it still moves. `at_once` for those who want no movement.
    pub fn tick(&mut self, ms: f64, at_once: bool) -> bool {
        let (now, to) = (self.now, self.target);
        if now == to {
            return false;
        }
        let part = if at_once { 1.0 } else { 1.0 - (-ms / FOLLOW_MS).exp() };
        let scale = now.scale * (to.scale / now.scale).powf(part);
        // The point that stays put while zooming stays put on the way, too.
        let along = match (1.0 / now.scale - 1.0 / to.scale).abs() > 1e-9 {
            true => (1.0 / now.scale - 1.0 / scale) / (1.0 / now.scale - 1.0 / to.scale),
            false => part,
        };
        let mixed = |from: f64, to: f64| from + (to - from) * along;
        self.now = View { x: mixed(now.x, to.x), y: mixed(now.y, to.y), scale };
        let close = (self.now.scale / to.scale - 1.0).abs() < 0.002
            && ((self.now.x - to.x).abs() + (self.now.y - to.y).abs()) * to.scale < 0.3;
        if close {
            self.now = to;
        }
        true
    }

    /// Becomes nearer or farther.
    pub fn zooms(&self) -> bool {
        (self.now.scale / self.target.scale - 1.0).abs() > 0.01
    }

    pub fn to_screen(self, x: f64, y: f64) -> (f64, f64) {
        let view = self.now;
        (self.width / 2.0 + (x - view.x) * view.scale, self.height / 2.0 + (y - view.y) * view.scale)
    }

    pub fn to_map(self, x: f64, y: f64) -> (f64, f64) {
        let view = self.now;
        (view.x + (x - self.width / 2.0) / view.scale, view.y + (y - self.height / 2.0) / view.scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera() -> Camera {
        let mut camera = Camera::default();
        camera.resize(800.0, 600.0, (80.0, 60.0));
        camera
    }

    fn settle(camera: &mut Camera) {
        while camera.tick(16.0, false) {}
    }

    #[test]
    fn what_is_under_the_pointer_stays_there_on_the_way() {
        let mut camera = camera();
        let (x, y) = camera.to_map(200.0, 100.0);
        camera.zoom_at(200.0, 100.0, 6.0);
        loop {
            let (sx, sy) = camera.to_screen(x, y);
            assert!((sx - 200.0).abs() < 0.5 && (sy - 100.0).abs() < 0.5, "{sx} {sy}");
            if !camera.tick(16.0, false) {
                break;
            }
        }
        assert!(camera.now.scale > 50.0);
    }

    #[test]
    fn all_is_shown_until_somebody_zooms() {
        let mut camera = camera();
        camera.resize(400.0, 300.0, (80.0, 60.0));
        let (left, top) = camera.to_screen(0.0, 0.0);
        let (right, bottom) = camera.to_screen(80.0, 60.0);
        assert!(left >= 0.0 && top >= 0.0 && right <= 400.0 && bottom <= 300.0);
        camera.zoom(8.0);
        settle(&mut camera);
        let before = camera.now;
        camera.resize(800.0, 600.0, (80.0, 60.0));
        settle(&mut camera);
        assert_eq!(camera.now.scale, before.scale);
        camera.fit();
        settle(&mut camera);
        assert_eq!(camera.now, camera.whole());
    }

    #[test]
    fn zooming_ends_at_a_card_and_a_little_beyond_the_whole() {
        let mut camera = camera();
        camera.zoom(1e9);
        assert!(camera.tick(0.0, true));
        assert_eq!(camera.now.scale, LARGEST);
        camera.zoom(1e-9);
        camera.tick(0.0, true);
        assert!((camera.now.scale - camera.whole().scale * 0.7).abs() < 1e-9);
    }

    #[test]
    fn a_cell_is_brought_into_sight() {
        let mut camera = camera();
        camera.go_to((0.0, 0.0), 100.0);
        camera.reveal((40.0, 30.0));
        settle(&mut camera);
        let (x, y) = camera.to_screen(40.5, 30.5);
        assert!((0.0..800.0).contains(&x) && (0.0..600.0).contains(&y), "{x} {y}");
    }
}
