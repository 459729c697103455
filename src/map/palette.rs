//! The style sheet's colours as numbers, for what is painted by hand.

use gloo::utils::{document, window};
use view::fleet::STATES;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

pub type Rgb = [u8; 3];

#[derive(Clone, Debug, PartialEq)]
pub struct Palette {
    /// In the order of [`STATES`].
    pub states: [Rgb; STATES.len()],
    pub panel: Rgb,
    pub line: Rgb,
    pub muted: Rgb,
    pub purple: Rgb,
    pub slate: Rgb,
    pub amber: Rgb,
    pub red: Rgb,
}

/// So much of `a`, the rest of `b`.
pub fn mix(a: Rgb, b: Rgb, part: f64) -> Rgb {
    let one = |at: usize| (f64::from(a[at]) * part + f64::from(b[at]) * (1.0 - part)).round() as u8;
    [one(0), one(1), one(2)]
}

/// `rgb(1, 2, 3)`, as browsers say a computed colour.
fn parse(text: &str) -> Option<Rgb> {
    let inner = text.strip_prefix("rgb(").or_else(|| text.strip_prefix("rgba("))?.strip_suffix(')')?;
    let mut numbers = inner.split([',', ' ', '/']).filter(|part| !part.is_empty());
    let mut next = || numbers.next()?.parse::<f64>().ok().map(|number| number.clamp(0.0, 255.0) as u8);
    Some([next()?, next()?, next()?])
}

impl Palette {
    /// Reads the colours that hold now, in light or dark.
    pub fn read() -> Palette {
        let probe: Option<HtmlElement> =
            document().create_element("i").ok().and_then(|element| element.dyn_into().ok());
        let body = gloo::utils::body();
        if let Some(probe) = &probe {
            let _ = probe.set_attribute("hidden", "");
            let _ = body.append_child(probe);
        }
        let colour = |name: &str, state: &str| {
            let probe = probe.as_ref()?;
            probe.set_attribute("data-state", state).ok()?;
            probe.style().set_property("color", &format!("var(--{name})")).ok()?;
            let computed = window().get_computed_style(probe).ok()??.get_property_value("color").ok()?;
            parse(&computed)
        };
        let named = |name: &str| colour(name, "").unwrap_or([128, 128, 128]);
        let palette = Palette {
            // What a state's colour is, the style sheet alone says.
            states: STATES.map(|state| colour("state", state.text()).unwrap_or([128, 128, 128])),
            panel: named("panel"),
            line: named("line-strong"),
            muted: named("muted"),
            purple: named("purple"),
            slate: named("slate"),
            amber: named("amber"),
            red: named("red"),
        };
        if let Some(probe) = &probe {
            probe.remove();
        }
        palette
    }

    #[cfg(test)]
    pub fn for_tests() -> Palette {
        let (amber, red, grey) = ([200, 120, 0], [200, 0, 0], [90, 90, 90]);
        Palette {
            states: [amber, amber, [0, 160, 0], amber, red, red, grey, [0, 0, 200], grey],
            panel: [255, 255, 255],
            line: [200, 200, 200],
            muted: [100, 100, 100],
            purple: [140, 0, 160],
            slate: [80, 90, 110],
            amber,
            red,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computed_colours_are_read() {
        assert_eq!(parse("rgb(1, 22, 255)"), Some([1, 22, 255]));
        assert_eq!(parse("rgba(1, 22, 255, 0.5)"), Some([1, 22, 255]));
        assert_eq!(parse("rgb(1 22 255 / 0.5)"), Some([1, 22, 255]));
        assert_eq!(parse("light-dark(#fff, #000)"), None);
    }

    #[test]
    fn colours_mix() {
        assert_eq!(mix([200, 0, 100], [0, 100, 100], 0.25), [50, 75, 100]);
    }
}
