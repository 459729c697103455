//! Whether virtual time passes, and how fast.

use serde::{Deserialize, Serialize};

use crate::speed::Speed;
use crate::store::Reduce;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Playback {
    pub playing: bool,
    /// The speed follows what goes on; `speed` is the one that was chosen last.
    pub auto: bool,
    pub speed: Speed,
}

impl Default for Playback {
    fn default() -> Playback {
        Playback { playing: true, auto: true, speed: Speed::REAL }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaybackAction {
    Toggle,
    Auto(bool),
    SetSpeed(Speed),
    Faster,
    Slower,
}

impl Reduce for Playback {
    type Action = PlaybackAction;

    fn reduce(&mut self, action: PlaybackAction) {
        match action {
            PlaybackAction::Toggle => self.playing = !self.playing,
            PlaybackAction::Auto(on) => self.auto = on,
            PlaybackAction::SetSpeed(speed) => (self.auto, self.speed) = (false, speed),
            PlaybackAction::Faster => (self.auto, self.speed) = (false, self.speed.faster()),
            PlaybackAction::Slower => (self.auto, self.speed) = (false, self.speed.slower()),
        }
    }
}
