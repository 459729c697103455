//! Amounts of any length, in digits.
//!
//! Kubernetes: vendor/gopkg.in/inf.v0; apimachinery/pkg/api/resource (quantity.go, suffix.go).

use std::cmp::Ordering;

use super::Format;

/// An amount in digits: digits · 10^exponent.
#[derive(Clone, Debug, Default)]
pub(super) struct Decimal {
    pub(super) negative: bool,
    /// Without leading zeros; none at all is zero.
    pub(super) digits: String,
    pub(super) exponent: i64,
}

impl Decimal {
    pub(super) fn new(negative: bool, digits: &str, exponent: i64) -> Self {
        let digits = digits.trim_start_matches('0').to_owned();
        Self { negative: negative && !digits.is_empty(), digits, exponent }
    }

    pub(super) fn of_int(value: i128, exponent: i64) -> Self {
        Self::new(value < 0, &value.unsigned_abs().to_string(), exponent)
    }

    pub(super) fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// How many digits stand before the point; negative: so many zeros behind it.
    pub(super) fn magnitude(&self) -> i64 {
        i64::try_from(self.digits.len()).unwrap_or(i64::MAX).saturating_add(self.exponent)
    }

    /// Rounded away from zero to so many places; whether that was exact.
    pub(super) fn round_up(&mut self, exponent: i64) -> bool {
        if self.is_zero() || self.exponent >= exponent {
            return true;
        }
        let keep = usize::try_from(self.magnitude().saturating_sub(exponent)).unwrap_or_default();
        let lost = self.digits.get(keep..).unwrap_or_default().bytes().any(|digit| digit != b'0');
        self.digits.truncate(keep);
        self.exponent = exponent;
        if lost {
            self.digits = increment(&self.digits);
        }
        !lost
    }

    /// Times 2^shift, where shift is at most 60.
    pub(super) fn shift_left(&mut self, shift: u32) {
        let factor = 1_u128 << shift;
        let mut digits = Vec::with_capacity(self.digits.len() + 20);
        let mut carry = 0_u128;
        for digit in self.digits.bytes().rev() {
            carry += u128::from(digit - b'0') * factor;
            digits.push(char::from(b'0' + (carry % 10) as u8));
            carry /= 10;
        }
        while carry > 0 {
            digits.push(char::from(b'0' + (carry % 10) as u8));
            carry /= 10;
        }
        self.digits = digits.into_iter().rev().collect();
    }

    /// In units of 10^exponent, cut off towards zero, held at the bounds.
    pub(super) fn units(&self, exponent: i64) -> i128 {
        let shift = self.exponent.saturating_sub(exponent);
        let digits = match usize::try_from(shift.unsigned_abs()) {
            _ if self.is_zero() => return 0,
            Ok(cut) if shift < 0 => {
                self.digits.get(..self.digits.len().saturating_sub(cut)).unwrap_or("").to_owned()
            }
            Ok(zeros) if zeros < 60 => self.digits.clone() + &"0".repeat(zeros),
            _ => "9".repeat(60),
        };
        let digits = if digits.is_empty() { "0" } else { &digits };
        let units = digits.parse().unwrap_or(i128::MAX);
        if self.negative { -units } else { units }
    }

    /// Kubernetes: quantity.go, CanonicalizeBytes.
    pub(super) fn canonicalize(&self, format: Format) -> String {
        if self.is_zero() {
            return "0".to_owned();
        }
        let mut whole = self.clone();
        let small = self.magnitude() <= 4 && self.units(0).abs() < 1024;
        // A binary amount that is small or broken prints in decimal, to lose nothing.
        if format == Format::BinarySi && !small && whole.round_up(0) {
            return print_binary(whole.units(0));
        }
        let format = if format == Format::BinarySi { Format::DecimalSi } else { format };
        self.print_decimal(format)
    }

    /// Kubernetes: amount.go, AsCanonicalBytes.
    fn print_decimal(&self, format: Format) -> String {
        let mantissa = self.digits.trim_end_matches('0');
        let zeros = i64::try_from(self.digits.len() - mantissa.len()).unwrap_or_default();
        let exponent = self.exponent.saturating_add(zeros);
        let more = usize::try_from(exponent.rem_euclid(3)).unwrap_or_default();
        let exponent = exponent.saturating_sub(exponent.rem_euclid(3));
        let suffix = match (format, exponent) {
            (Format::DecimalExponent, 0) => String::new(),
            (Format::DecimalExponent, exponent) => format!("e{exponent}"),
            // Upstream drops a suffix that it does not know: 1000E prints as 1.
            (_, exponent) => decimal_suffix(exponent).to_owned(),
        };
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{mantissa}{}{suffix}", &"00"[..more.min(2)])
    }
}

fn increment(digits: &str) -> String {
    let kept = digits.trim_end_matches('9');
    let nines = digits.len() - kept.len();
    let raised = match kept.char_indices().last() {
        None => "1".to_owned(),
        Some((at, digit)) => {
            let next = digit.to_digit(10).map_or(0, |digit| digit + 1);
            format!("{}{next}", &kept[..at])
        }
    };
    raised + &"0".repeat(nines)
}

fn decimal_suffix(exponent: i64) -> &'static str {
    match exponent {
        -9 => "n",
        -6 => "u",
        -3 => "m",
        3 => "k",
        6 => "M",
        9 => "G",
        12 => "T",
        15 => "P",
        18 => "E",
        _ => "",
    }
}

fn print_binary(mut value: i128) -> String {
    let mut suffixes = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].into_iter();
    let mut suffix = "";
    while value.abs() >= 1024 && value % 1024 == 0 {
        let Some(larger) = suffixes.next() else { break };
        value /= 1024;
        suffix = larger;
    }
    format!("{value}{suffix}")
}

pub(super) fn compare(left: &Decimal, right: &Decimal) -> Ordering {
    let sign = |decimal: &Decimal| match decimal {
        decimal if decimal.is_zero() => 0,
        decimal if decimal.negative => -1,
        _ => 1,
    };
    let by_size = || {
        let digits = |decimal: &Decimal| decimal.digits.trim_end_matches('0').to_owned();
        left.magnitude().cmp(&right.magnitude()).then_with(|| digits(left).cmp(&digits(right)))
    };
    sign(left).cmp(&sign(right)).then_with(|| match sign(left) {
        0 => Ordering::Equal,
        1 => by_size(),
        _ => by_size().reverse(),
    })
}
