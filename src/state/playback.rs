//! Whether virtual time passes, and how fast.

use serde::{Deserialize, Serialize};

use crate::speed::Speed;
use crate::store::Reduce;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Playback {
    pub playing: bool,
    pub speed: Speed,
}

impl Default for Playback {
    fn default() -> Playback {
        Playback { playing: true, speed: Speed::REAL }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaybackAction {
    Toggle,
    SetSpeed(Speed),
    Faster,
    Slower,
}

impl Reduce for Playback {
    type Action = PlaybackAction;

    fn reduce(&mut self, action: PlaybackAction) {
        match action {
            PlaybackAction::Toggle => self.playing = !self.playing,
            PlaybackAction::SetSpeed(speed) => self.speed = speed,
            PlaybackAction::Faster => self.speed = self.speed.faster(),
            PlaybackAction::Slower => self.speed = self.speed.slower(),
        }
    }
}
