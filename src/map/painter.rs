//! What puts the map on its canvas: WebGL2 where there is one, else pixels by hand.

use std::rc::Rc;

use view::NodeMark;
use view::fleet::LIGHTS;
use wasm_bindgen::prelude::*;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

use super::camera::View;
use super::inks::InkBox;
use super::layout::Layout;
use super::numbers::{self, NODE_BYTES, NODE_HEAD, NODES_IN_A_ROW};
use super::palette::Palette;
use super::raster::{Area, Pixels, Style, cell};

#[wasm_bindgen(module = "/web/map-gl.js")]
extern "C" {
    #[wasm_bindgen(js_name = MapGl)]
    pub type MapGl;
    /// `undefined` where the browser has no WebGL2.
    #[wasm_bindgen(js_name = createMapGl)]
    fn create_map_gl(canvas: &HtmlCanvasElement, numbers: &str) -> Option<MapGl>;
    /// `marks` fill the rows of a texture that is `width` bytes wide.
    #[wasm_bindgen(method, js_name = setNodes)]
    fn set_nodes(this: &MapGl, count: u32, places: &[f32], width: u32, marks: &[u8]);
    #[wasm_bindgen(method, js_name = setNode)]
    fn set_node(this: &MapGl, x: u32, y: u32, marks: &[u8]);
    #[wasm_bindgen(method, js_name = setColours)]
    fn set_colours(this: &MapGl, colours: &[f32], width: u32, inks: &[u8]);
    #[wasm_bindgen(method)]
    fn draw(this: &MapGl, x: f64, y: f64, scale: f64, columns: u32, rows: u32);
    #[wasm_bindgen(method, js_name = isLost)]
    fn is_lost(this: &MapGl) -> bool;
}

/// What there is to paint.
pub struct Picture<'a> {
    pub view: View,
    pub density: f64,
    pub nodes: &'a [Rc<NodeMark>],
    pub layout: &'a Layout,
    /// Pods stand in so many columns and rows.
    pub grid: (usize, usize),
    pub palette: &'a Palette,
}

pub enum Painter {
    Gl(MapGl),
    Raster { context: CanvasRenderingContext2d, pixels: Box<Pixels> },
}

/// Above so many changed nodes the whole picture is painted again.
const FEW: usize = 64;

impl Painter {
    pub fn new(canvas: &HtmlCanvasElement) -> Option<Painter> {
        if let Some(gl) = create_map_gl(canvas, &numbers::glsl()) {
            return Some(Painter::Gl(gl));
        }
        let context = canvas.get_context("2d").ok()??.dyn_into().ok()?;
        Some(Painter::Raster { context, pixels: Box::default() })
    }

    pub fn name(&self) -> &'static str {
        match self {
            Painter::Gl(_) => "webgl2",
            Painter::Raster { .. } => "2d",
        }
    }

    /// Paints what is different: all, after a move, or only the nodes that changed.
    pub fn paint(&mut self, picture: &Picture, all: bool, moved: bool, changed: &[usize]) {
        match self {
            Painter::Gl(gl) => paint_gl(gl, picture, all, moved, changed),
            Painter::Raster { context, pixels } => {
                paint_raster(context, pixels, picture, all || moved, changed);
            }
        }
    }
}

fn node_bytes(node: &NodeMark) -> [u8; NODE_BYTES] {
    let mut bytes = [0; NODE_BYTES];
    let pods = node.pods.len().min(NODE_BYTES - NODE_HEAD);
    let flag = |is: bool, bit: usize| if is { bit as u8 } else { 0 };
    let flags =
        flag(!node.kubelet_running, numbers::FLAG_STOPPED) | flag(node.cordoned, numbers::FLAG_CORDONED);
    bytes[..3].copy_from_slice(&[node.light as u8, flags, pods as u8]);
    for (byte, mark) in bytes[NODE_HEAD..].iter_mut().zip(&node.pods) {
        *byte = mark.byte();
    }
    bytes
}

fn paint_gl(gl: &MapGl, picture: &Picture, all: bool, moved: bool, changed: &[usize]) {
    if gl.is_lost() || (!all && !moved && changed.is_empty()) {
        return;
    }
    if all {
        let places: Vec<f32> =
            picture.layout.places.iter().flat_map(|(x, y)| [*x as f32, *y as f32]).collect();
        let mut marks: Vec<u8> = picture.nodes.iter().flat_map(|node| node_bytes(node)).collect();
        let width = NODES_IN_A_ROW * NODE_BYTES;
        marks.resize(marks.len().div_ceil(width).max(1) * width, 0);
        gl.set_nodes(picture.nodes.len() as u32, &places, width as u32, &marks);
        let inks = InkBox::new(picture.palette);
        gl.set_colours(&colours(picture.palette, &inks), MARKS, &inks.texture());
    } else {
        for at in changed {
            if let Some(node) = picture.nodes.get(*at) {
                let (x, y) = (at % NODES_IN_A_ROW * NODE_BYTES, at / NODES_IN_A_ROW);
                gl.set_node(x as u32, y as u32, &node_bytes(node));
            }
        }
    }
    let view = picture.view;
    let (columns, rows) = picture.grid;
    gl.draw(view.x, view.y, view.scale * picture.density, columns as u32, rows as u32);
}

/// How many different marks a byte can be.
const MARKS: u32 = 256;

/// The ground of each light, then the others in the order in which the shader names them.
fn colours(palette: &Palette, inks: &InkBox) -> Vec<f32> {
    let grounds = LIGHTS.map(|light| inks.of(light).ground);
    let own = [palette.muted, palette.purple, palette.slate, palette.red];
    grounds.iter().chain(&own).flatten().map(|part| f32::from(*part) / 255.0).collect()
}

fn area_of(picture: &Picture, pixels: &Pixels, node: usize) -> Option<Area> {
    let (x, y) = picture.layout.places.get(node).copied()?;
    let scale = picture.view.scale * picture.density;
    let across = |x: f64| (pixels.width as f64 / 2.0 + (x - picture.view.x) * scale).round() as i32;
    let down = |y: f64| (pixels.height as f64 / 2.0 + (y - picture.view.y) * scale).round() as i32;
    let gap = numbers::gap(scale) as i32;
    Some(Area { x0: across(x), y0: down(y), x1: across(x + 1.0) - gap, y1: down(y + 1.0) - gap })
}

fn paint_raster(
    context: &CanvasRenderingContext2d,
    pixels: &mut Pixels,
    picture: &Picture,
    all: bool,
    changed: &[usize],
) {
    let canvas = context.canvas();
    let (width, height) = canvas.map_or((0, 0), |canvas| (canvas.width() as usize, canvas.height() as usize));
    let inks = InkBox::new(picture.palette);
    let style = Style { palette: picture.palette, inks: &inks, grid: picture.grid };
    if all || changed.len() > FEW {
        if (pixels.width, pixels.height) == (width, height) {
            pixels.clear();
        } else {
            pixels.resize(width, height);
        }
        let half = (width as f64 / 2.0, height as f64 / 2.0);
        let (view, scale) = (picture.view, picture.view.scale * picture.density);
        let (dx, dy) = (half.0 / scale, half.1 / scale);
        for at in picture.layout.within(view.x - dx, view.y - dy, view.x + dx, view.y + dy) {
            if let (Some(area), Some(node)) = (area_of(picture, pixels, at), picture.nodes.get(at)) {
                cell(pixels, area, node, &style);
            }
        }
        put(context, pixels, 0.0, 0.0);
        return;
    }
    for at in changed {
        let (Some(area), Some(node)) = (area_of(picture, pixels, *at), picture.nodes.get(*at)) else {
            continue;
        };
        let (wide, high) = (area.x1 - area.x0, area.y1 - area.y0);
        if wide < 1
            || high < 1
            || area.x1 < 0
            || area.y1 < 0
            || area.x0 > width as i32
            || area.y0 > height as i32
        {
            continue;
        }
        let mut one = Pixels::default();
        one.resize(wide as usize, high as usize);
        cell(&mut one, Area { x0: 0, y0: 0, x1: wide, y1: high }, node, &style);
        put(context, &one, f64::from(area.x0), f64::from(area.y0));
    }
}

fn put(context: &CanvasRenderingContext2d, pixels: &Pixels, x: f64, y: f64) {
    let image = ImageData::new_with_u8_clamped_array(Clamped(&pixels.bytes), pixels.width as u32);
    if let Ok(image) = image {
        let _ = context.put_image_data(&image, x, y);
    }
}
