//! How fast virtual time goes: a quarter to 64 times, in steps of two.

use serde::{Deserialize, Serialize};

/// One of the nine speeds; 2 is real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
pub struct Speed(u8);

impl Speed {
    pub const REAL: Speed = Speed(2);
    pub const LAST: u8 = 8;

    /// The nearest speed there is to `factor`.
    pub fn nearest(factor: f64) -> Speed {
        if factor.is_finite() && factor > 0.0 {
            Speed::from((factor.log2() + 2.0).round().clamp(0.0, 8.0) as u8)
        } else {
            Speed::REAL
        }
    }

    pub fn index(self) -> u8 {
        self.0
    }

    pub fn factor(self) -> f64 {
        f64::from(1_u32 << self.0) / 4.0
    }

    pub fn slower(self) -> Speed {
        Speed(self.0.saturating_sub(1))
    }

    pub fn faster(self) -> Speed {
        Speed::from(self.0 + 1)
    }

    /// `0.25×`, `64×`
    pub fn text(self) -> String {
        speed_text(self.factor())
    }
}

/// `0.25×`, `64×`
pub fn speed_text(factor: f64) -> String {
    format!("{factor}×")
}

impl From<u8> for Speed {
    fn from(index: u8) -> Speed {
        Speed(index.min(Speed::LAST))
    }
}

impl From<Speed> for u8 {
    fn from(speed: Speed) -> u8 {
        speed.0
    }
}

/// `T+00:01:23.4`
pub fn clock_text(micros: u64) -> String {
    let tenths = micros / 100_000;
    let (seconds, tenth) = (tenths / 10, tenths % 10);
    format!("T+{:02}:{:02}:{:02}.{tenth}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// `1:23`, for lists; hours only where there are some.
pub fn short_clock(micros: u64) -> String {
    let seconds = micros / 1_000_000;
    match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}
