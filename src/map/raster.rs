//! Paints the map into pixels, without the graphics card: for browsers that have no WebGL2.

use view::{NodeMark, Origin, PodMark};

use super::inks::{InkBox, Inks};
use super::numbers;
use super::palette::{Palette, Rgb};

/// Pixels in rows from the top, four bytes each.
#[derive(Clone, Debug, Default)]
pub struct Pixels {
    pub width: usize,
    pub height: usize,
    pub bytes: Vec<u8>,
}

/// A rectangle of whole pixels: from (included) and to (not included).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    pub x0: i32,
    pub y0: i32,
    pub x1: i32,
    pub y1: i32,
}

impl Area {
    fn width(&self) -> i32 {
        self.x1 - self.x0
    }

    fn height(&self) -> i32 {
        self.y1 - self.y0
    }

    fn inset(&self, by: i32) -> Area {
        Area { x0: self.x0 + by, y0: self.y0 + by, x1: self.x1 - by, y1: self.y1 - by }
    }
}

impl Pixels {
    pub fn resize(&mut self, width: usize, height: usize) {
        (self.width, self.height) = (width, height);
        self.bytes.clear();
        self.bytes.resize(width * height * 4, 0);
    }

    pub fn clear(&mut self) {
        self.bytes.fill(0);
    }

    fn fill(&mut self, area: Area, colour: Rgb) {
        let across = |x: i32| x.clamp(0, self.width as i32) as usize;
        let down = |y: i32| y.clamp(0, self.height as i32) as usize;
        let (x0, x1, y0, y1) = (across(area.x0), across(area.x1), down(area.y0), down(area.y1));
        if x0 >= x1 {
            return;
        }
        let pixel = [colour[0], colour[1], colour[2], 255];
        for row in y0..y1 {
            let begin = (row * self.width + x0) * 4;
            let Some(bytes) = self.bytes.get_mut(begin..begin + (x1 - x0) * 4) else { return };
            for four in bytes.chunks_exact_mut(4) {
                four.copy_from_slice(&pixel);
            }
        }
    }
}

/// How the cells are drawn: the same for all of one picture.
#[derive(Clone, Copy, Debug)]
pub struct Style<'a> {
    pub palette: &'a Palette,
    pub inks: &'a InkBox,
    /// Pods stand in so many columns and rows.
    pub grid: (usize, usize),
}

/// A grid has no more columns or rows than this.
const LINES_MOST: usize = 64;

/// From where to where each of `count` columns (or rows) goes that share a length.
fn lines(from: i32, length: i32, count: usize, gap: i32) -> [(i32, i32); LINES_MOST] {
    let mut lines = [(0, 0); LINES_MOST];
    let edge = |at: usize| from + at as i32 * length / count.max(1) as i32;
    for (at, line) in lines.iter_mut().enumerate().take(count) {
        let begin = edge(at);
        *line = (begin, (edge(at + 1) - gap).max(begin + 1));
    }
    lines
}

/// Paints one node's cell.
pub fn cell(pixels: &mut Pixels, area: Area, node: &NodeMark, style: &Style) {
    let inks = style.inks.of(node.light);
    pixels.fill(area, inks.ground);
    let size = area.width();
    let from = |pixels: f64| i32::from(f64::from(size) >= pixels);
    let inner = area.inset(from(numbers::INSET_FROM) + from(numbers::INSET_TWO_FROM));
    if from(numbers::BAR_FROM) > 0 && (!node.kubelet_running || node.cordoned) {
        let colour = if node.kubelet_running { style.palette.muted } else { style.palette.red };
        pixels.fill(Area { y1: area.y0 + 1 + size / numbers::BAR_STEP as i32, ..area }, colour);
    }
    let (columns, rows) = (style.grid.0.clamp(1, LINES_MOST), style.grid.1.clamp(1, LINES_MOST));
    let (wide, high) = (inner.width().max(1), inner.height().max(1));
    let pitch = (wide / columns as i32).min(high / rows as i32);
    let gap_from = |pixels: f64| i32::from(f64::from(pitch) >= pixels);
    let gap = gap_from(numbers::FORM_FROM) + gap_from(numbers::WIDE_FROM);
    let across = lines(inner.x0, wide, columns, gap);
    let down = lines(inner.y0, high, rows, gap);
    let places = || down[..rows].iter().flat_map(|y| across[..columns].iter().map(move |x| (*x, *y)));
    let mut troubled = false;
    for (mark, ((x0, x1), (y0, y1))) in node.pods.iter().zip(places()) {
        match inks.of(*mark).troubled {
            true => troubled = true,
            false => pod(pixels, Area { x0, y0, x1, y1 }, *mark, inks, style.palette),
        }
    }
    if troubled {
        let all = node.pods.iter().zip(places());
        for (mark, ((x0, x1), (y0, y1))) in all.filter(|(mark, _)| inks.of(**mark).troubled) {
            pod(pixels, Area { x0, y0, x1, y1 }, *mark, inks, style.palette);
        }
    }
}

fn pod(pixels: &mut Pixels, area: Area, mark: PodMark, inks: &Inks, palette: &Palette) {
    let size = area.width().min(area.height());
    let (ink, ground) = (inks.of(mark), inks.ground);
    if f64::from(size) < numbers::FORM_FROM {
        return pixels.fill(area, ink.small);
    }
    pixels.fill(area, ink.edge);
    // A pixel of a pod's pitch is the gap.
    if ink.hollow && f64::from(size + 1) >= numbers::HOLLOW_FROM {
        let border = (f64::from(size) * numbers::BORDER_SHARE).max(1.0);
        pixels.fill(area.inset(border as i32), ink.fill);
    }
    let nick = (size / 3).max(1);
    match mark.origin() {
        // Round.
        Origin::DaemonSet if size >= 4 => {
            let cut = (size / 5).max(1);
            for (x, y) in corners(area, cut) {
                pixels.fill(Area { x0: x, y0: y, x1: x + cut, y1: y + cut }, ground);
            }
        }
        Origin::DaemonSet => {}
        // A sheet of paper with a folded corner.
        Origin::Static => {
            let fold = Area { x0: area.x1 - nick, y1: area.y0 + nick, ..area };
            pixels.fill(fold, palette.purple);
        }
        Origin::Api => {
            let core = area.inset(nick);
            pixels.fill(core, palette.slate);
        }
    }
}

fn corners(area: Area, cut: i32) -> [(i32, i32); 4] {
    let (right, bottom) = (area.x1 - cut, area.y1 - cut);
    [(area.x0, area.y0), (right, area.y0), (area.x0, bottom), (right, bottom)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use stage::{Options, Stage, Start};
    use view::Gaze;

    fn painted(size: i32) -> (Vec<String>, Palette) {
        let mut stage = Stage::new(Options { workers: 1, start: Start::Ready, ..Options::default() });
        stage.look(&Gaze::default(), || true);
        let palette = Palette::for_tests();
        let mut pixels = Pixels::default();
        pixels.resize(size as usize, size as usize);
        let area = Area { x0: 0, y0: 0, x1: size, y1: size };
        let node = stage.fleet().nodes[0].clone();
        let inks = InkBox::new(&palette);
        cell(&mut pixels, area, &node, &Style { palette: &palette, inks: &inks, grid: (3, 2) });
        let letter = |four: &[u8]| {
            let colour = [four[0], four[1], four[2]];
            let named = [(palette.panel, '.'), (palette.purple, 'p'), (palette.states[2], 'r')];
            named.iter().find(|(known, _)| *known == colour).map_or('#', |(_, letter)| *letter)
        };
        let row = |row: &[u8]| row.chunks(4).map(letter).collect();
        (pixels.bytes.chunks(pixels.width * 4).map(row).collect(), palette)
    }

    #[test]
    fn four_static_pods_and_a_daemon_pod_of_the_system() {
        let (rows, _) = painted(20);
        expect_test::expect![[r#"
            ....................
            .####p.####p.####p..
            .#####.#####.#####..
            .#####.#####.#####..
            .#####.#####.#####..
            .#####.#####.#####..
            .#####.#####.#####..
            .#####.#####.#####..
            .#####.#####.#####..
            ....................
            .####p..###..#####..
            .#####.#####.#####..
            .#####.#####.#####..
            .#####.#####.#####..
            .#####.#####.#####..
            .#####.#####.#####..
            .#####.#####.#####..
            .#####..###..#####..
            ....................
            ...................."#]]
        .assert_eq(&rows.join("\n"));
    }

    #[test]
    fn what_lies_outside_is_not_painted() {
        let mut pixels = Pixels::default();
        pixels.resize(4, 4);
        pixels.fill(Area { x0: -5, y0: 2, x1: 1, y1: 99 }, [1, 2, 3]);
        pixels.fill(Area { x0: 9, y0: 0, x1: 12, y1: 4 }, [9, 9, 9]);
        let painted: Vec<usize> =
            pixels.bytes.chunks(4).enumerate().filter(|(_, four)| four[3] > 0).map(|(at, _)| at).collect();
        assert_eq!(painted, [8, 12]);
    }
}
