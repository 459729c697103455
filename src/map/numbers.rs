//! The numbers by which a map is drawn, for both painters: `raster.rs` uses them as they are, the shader gets
//! them as its first lines.

use std::fmt::Write as _;

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident: $kind:ident = $value:expr;)*) => {
        $($(#[$doc])* pub const $name: $kind = $value;)*

        /// The same for GLSL: integers as `int`, the others as `float`.
        pub fn glsl() -> String {
            let mut text = String::new();
            $(let _ = writeln!(text, "#define {} {:?}", stringify!($name), $name);)*
            text
        }
    };
}

numbers! {
    /// Bytes of a node for the graphics card: its own facts, then its pods.
    NODE_BYTES: usize = 128;
    NODE_HEAD: usize = 4;
    /// Nodes in a row of the texture: 2048 texels wide, which every WebGL2 has.
    NODES_IN_A_ROW: usize = 16;
    /// Bits of a node's flags: its kubelet does not run; it takes no new pods.
    FLAG_STOPPED: usize = 1;
    FLAG_CORDONED: usize = 2;

    /// From these pixels of a cell on there is a gap between cells: this part of the cell, within bounds.
    GAP_FROM: f64 = 5.0;
    GAP_SHARE: f64 = 0.03;
    GAP_LEAST: f64 = 1.0;
    GAP_MOST: f64 = 10.0;
    /// From these pixels of a cell on its pods keep one pixel from its edge, then two.
    INSET_FROM: f64 = 8.0;
    INSET_TWO_FROM: f64 = 24.0;
    /// From these pixels of a cell on a bar tells of a stopped kubelet: a pixel, and one more for each of these.
    BAR_FROM: f64 = 12.0;
    BAR_STEP: f64 = 24.0;
    /// From these pixels of a pod on it has a form and a pixel between it and the next, then two.
    FORM_FROM: f64 = 3.0;
    WIDE_FROM: f64 = 14.0;
    /// From these pixels of a pod on it may be hollow, with a border of at least a pixel, or this part of it.
    HOLLOW_FROM: f64 = 6.0;
    BORDER_SHARE: f64 = 0.1;

    /// What the shader is told of each kind of mark in the alpha of its ink: the origin, and these bits.
    INK_ORIGIN: usize = 3;
    INK_HOLLOW: usize = 4;
    INK_DIFFERS: usize = 8;
    INK_TROUBLED: usize = 16;
    /// Rows of inks for each light of a node: what fills a pod, its edge, and both in one where it is small.
    INK_ROWS: usize = 3;
}

/// Pixels between one cell and the next.
pub fn gap(cell: f64) -> f64 {
    if cell >= GAP_FROM { (cell * GAP_SHARE).clamp(GAP_LEAST, GAP_MOST).floor() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shader_gets_each_number_as_its_kind() {
        let text = glsl();
        assert!(text.starts_with("#define NODE_BYTES 128\n"));
        assert!(text.contains("#define GAP_SHARE 0.03\n") && text.contains("#define BAR_FROM 12.0\n"));
        assert_eq!([3.0, 5.0, 100.0, 900.0].map(gap), [0.0, 1.0, 3.0, 10.0]);
    }
}
