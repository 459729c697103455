//! The colours of pods on every kind of ground, mixed once for a picture: a map has 150,000 pods.

use view::fleet::{LIGHTS, NodeLight, ORIGINS, STATES, TROUBLE};
use view::{Origin, PodMark, PodState};

use super::numbers;
use super::palette::{Palette, Rgb, mix};

/// How a pod is painted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ink {
    pub edge: Rgb,
    /// What is within the edge, if it is hollow.
    pub fill: Rgb,
    /// Where there is no room for a sign of its origin.
    pub small: Rgb,
    pub hollow: bool,
    /// Where several share a pixel, one in trouble is seen.
    pub troubled: bool,
}

/// The inks on one kind of ground, by [`PodMark::byte`].
#[derive(Clone, Debug)]
pub struct Inks {
    pub ground: Rgb,
    by_mark: [Ink; 256],
}

impl Inks {
    fn new(light: NodeLight, palette: &Palette) -> Inks {
        let ground = ground(light, palette);
        let mut by_mark = [Ink::default(); 256];
        for state in STATES {
            for origin in ORIGINS {
                for flags in 0..4 {
                    let mark = PodMark::new(state, origin, flags & 1 != 0, flags & 2 != 0);
                    by_mark[usize::from(mark.byte())] = ink(mark, ground, palette);
                }
            }
        }
        Inks { ground, by_mark }
    }

    pub fn of(&self, mark: PodMark) -> &Ink {
        &self.by_mark[usize::from(mark.byte())]
    }
}

/// The inks for nodes of every light.
#[derive(Clone, Debug)]
pub struct InkBox(Vec<Inks>);

impl InkBox {
    pub fn new(palette: &Palette) -> InkBox {
        InkBox(LIGHTS.iter().map(|light| Inks::new(*light, palette)).collect())
    }

    /// All of them for the shader, four bytes each: in a row one for each mark, in rows those of
    /// [`numbers::INK_ROWS`] for each light.
    pub fn texture(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for inks in &self.0 {
            for pick in [|ink: &Ink| ink.fill, |ink: &Ink| ink.edge, |ink: &Ink| ink.small] {
                for (mark, ink) in inks.by_mark.iter().enumerate() {
                    bytes.extend(pick(ink));
                    bytes.push(traits(PodMark::from_byte(mark as u8), ink));
                }
            }
        }
        bytes
    }

    /// `light as usize` is its place in [`LIGHTS`].
    pub fn of(&self, light: NodeLight) -> &Inks {
        &self.0[light as usize]
    }
}

fn traits(mark: PodMark, ink: &Ink) -> u8 {
    let bit = |is: bool, bit: usize| if is { bit as u8 } else { 0 };
    mark.origin() as u8
        | bit(ink.hollow, numbers::INK_HOLLOW)
        | bit(mark.differs(), numbers::INK_DIFFERS)
        | bit(ink.troubled, numbers::INK_TROUBLED)
}

fn ground(light: NodeLight, palette: &Palette) -> Rgb {
    match light {
        NodeLight::Ready => palette.panel,
        NodeLight::NotReady => mix(palette.amber, palette.panel, 0.3),
        NodeLight::Unregistered => mix(palette.line, palette.panel, 0.7),
        NodeLight::Off => mix(palette.muted, palette.panel, 0.45),
    }
}

fn ink(mark: PodMark, ground: Rgb, palette: &Palette) -> Ink {
    let full = palette.states[mark.state_index().min(palette.states.len() - 1)];
    let strength = match (mark.state(), mark.is_system()) {
        (PodState::Pending, _) => 0.45,
        (PodState::Running, true) => 0.5,
        _ => 1.0,
    };
    let full = mix(full, ground, strength);
    let small = match mark.origin() {
        _ if mark.differs() => palette.amber,
        Origin::DaemonSet => full,
        Origin::Static => mix(palette.purple, full, 0.45),
        Origin::Api => mix(palette.slate, full, 0.35),
    };
    Ink {
        edge: if mark.differs() { palette.amber } else { full },
        fill: if mark.differs() { full } else { ground },
        small,
        hollow: mark.state() == PodState::Pending || mark.differs(),
        troubled: mark.differs() || TROUBLE.contains(&mark.state()),
    }
}
