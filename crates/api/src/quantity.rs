//! Resource quantities: `500m`, `1Gi`, `2e3`. Exact: no floating point anywhere.
//!
//! Kubernetes: staging/src/k8s.io/apimachinery/pkg/api/resource (quantity.go, suffix.go, amount.go).

mod decimal;
mod dump;
mod parse;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use decimal::{Decimal, compare};
pub use dump::dump;
use parse::parse;

/// How a quantity is written; kept from the text that it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// `1k`, `1M`, `500m`: powers of 1000.
    DecimalSi,
    /// `1Ki`, `1Mi`: powers of 1024.
    BinarySi,
    /// `1e3`, `1E6`: an exponent of ten.
    DecimalExponent,
}

/// An exact amount, down to 10⁻⁹, and the format it prints in.
///
/// Comparing two quantities compares the amounts; `1` equals `1000m`. Sums and what no int64 with an exponent
/// holds are kept in billionths, up to ±1.7·10²⁹.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    amount: Amount,
    format: Format,
}

#[derive(Clone, Copy, Debug)]
enum Amount {
    /// value · 10^scale, as long as that is precise (upstream's int64Amount).
    Int { value: i64, scale: i32 },
    /// Billionths (upstream's infDecAmount).
    Nanos(i128),
}

/// Why a text is no quantity. Prints in upstream's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseQuantityError {
    /// It is not made as quantities are.
    Format,
    /// The number cannot be read.
    Numeric,
    /// There is no such suffix.
    Suffix,
}

impl fmt::Display for ParseQuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => {
                "quantities must match the regular expression \
                 '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            }
            Self::Numeric => "unable to parse numeric part of quantity",
            Self::Suffix => "unable to parse quantity's suffix",
        })
    }
}

impl std::error::Error for ParseQuantityError {}

const NANOS: i128 = 1_000_000_000;
const NANOS_PER_MILLI: i128 = 1_000_000;
/// Upstream's names of scales.
const NANO: i32 = -9;
const MILLI: i32 = -3;

/// The text that a quantity is printed as once it was read: often as it was written.
///
/// Kubernetes: quantity.go, UnmarshalJSON and MarshalJSON.
pub fn canonicalize(text: &str) -> Result<String, ParseQuantityError> {
    let parsed = parse(text)?;
    Ok(parsed.canonical.map_or_else(|| parsed.amount.canonicalize(parsed.format), str::to_owned))
}

/// As [`canonicalize`], rounded up to whole thousandths, as the API server does with resource lists.
///
/// Kubernetes: quantity.go, RoundUp; pkg/apis/core/v1/defaults.go, SetDefaults_ResourceList.
pub fn round_up_to_milli(text: &str) -> Result<String, ParseQuantityError> {
    let mut parsed = parse(text)?;
    match (parsed.int, parsed.canonical) {
        (Some((_, scale)), Some(text)) if scale >= MILLI => Ok(text.to_owned()),
        _ => {
            parsed.amount.round_up(MILLI.into());
            Ok(parsed.amount.canonicalize(parsed.format))
        }
    }
}

/// Whether a text is an amount that comes to other thousandths than its canonical text does: beyond int64 they go round,
/// by how many digits and which power of ten the amount is kept in.
///
/// Kubernetes: quantity.go, ParseQuantity, MilliValue.
pub fn goes_round_otherwise(text: &str) -> bool {
    let milli = |text: &str| text.parse::<Quantity>().map(Quantity::milli_value);
    canonicalize(text).is_ok_and(|canonical| canonical != text && milli(&canonical) != milli(text))
}

/// A quantity in JSON: a text, or a bare number.
pub fn from_json(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

impl FromStr for Quantity {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, ParseQuantityError> {
        let parsed = parse(text)?;
        let amount = match parsed.int {
            Some((value, scale)) => Amount::Int { value, scale },
            None => Amount::Nanos(parsed.amount.units(NANO.into())),
        };
        Ok(Self { amount, format: parsed.format })
    }
}

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self { amount: Amount::Int { value: 0, scale: 0 }, format: Format::DecimalSi };

    /// One of something.
    pub const ONE: Self = Self { amount: Amount::Int { value: 1, scale: 0 }, format: Format::DecimalSi };

    /// How it is written.
    pub fn format(self) -> Format {
        self.format
    }

    /// A quantity of that many thousandths.
    pub fn from_milli(milli: i64, format: Format) -> Self {
        Self { amount: Amount::Int { value: milli, scale: MILLI }, format }
    }

    /// A quantity of that many whole units.
    pub fn from_value(value: i64, format: Format) -> Self {
        Self { amount: Amount::Int { value, scale: 0 }, format }
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.sign() == 0
    }

    /// -1, 0 or 1.
    pub fn sign(self) -> i32 {
        match self.amount {
            Amount::Int { value, .. } => value.signum() as i32,
            Amount::Nanos(nanos) => nanos.signum() as i32,
        }
    }

    /// Whole units, rounded away from zero. What no int64 holds wraps around, as upstream.
    pub fn value(self) -> i64 {
        self.scaled_value(0)
    }

    /// Thousandths, rounded away from zero. What no int64 holds wraps around, as upstream.
    pub fn milli_value(self) -> i64 {
        self.scaled_value(MILLI)
    }

    /// Kubernetes: quantity.go, ScaledValue; scale_int.go, scaledValue.
    fn scaled_value(self, scale: i32) -> i64 {
        match self.amount {
            Amount::Int { value, scale: own } if own < scale => negative_scale(value, own.abs_diff(scale)),
            Amount::Int { value, scale: own } => positive_scale(value, own.abs_diff(scale)),
            Amount::Nanos(nanos) => {
                let unit = if scale == MILLI { NANOS_PER_MILLI } else { NANOS };
                (nanos.div_euclid(unit) + i128::from(nanos.rem_euclid(unit) != 0)) as i64
            }
        }
    }

    /// Rounds away from zero to whole thousandths, as the API server does with resource lists.
    #[must_use]
    pub fn round_up_to_milli(self) -> Self {
        let mut decimal = self.decimal();
        decimal.round_up(MILLI.into());
        match self.amount {
            Amount::Int { scale, .. } if scale >= MILLI => self,
            Amount::Int { value, scale } => {
                Self::from_milli(negative_scale(value, scale.abs_diff(MILLI)), self.format)
            }
            Amount::Nanos(_) => Self { amount: Amount::Nanos(decimal.units(NANO.into())), ..self },
        }
    }

    /// Whether it is a whole number.
    pub fn is_integer(self) -> bool {
        match self.amount {
            Amount::Int { scale, .. } if scale >= 0 => true,
            _ => self.nanos() % NANOS == 0,
        }
    }

    fn decimal(self) -> Decimal {
        match self.amount {
            Amount::Int { value, scale } => Decimal::of_int(value.into(), scale.into()),
            Amount::Nanos(nanos) => Decimal::of_int(nanos, NANO.into()),
        }
    }

    fn nanos(self) -> i128 {
        match self.amount {
            Amount::Int { .. } => self.decimal().units(NANO.into()),
            Amount::Nanos(nanos) => nanos,
        }
    }

    /// The sum, in this quantity's format unless this is zero.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let format = if self.is_zero() { other.format } else { self.format };
        let nanos = || Amount::Nanos(self.nanos().saturating_add(other.nanos()));
        let amount = match (self.amount, other.amount) {
            (Amount::Int { .. }, Amount::Int { value: 0, .. }) => self.amount,
            (Amount::Int { value: 0, .. }, Amount::Int { .. }) => other.amount,
            (Amount::Int { value: a, scale: x }, Amount::Int { value: b, scale: y }) => {
                let low = x.min(y);
                let aligned = |value: i64, scale: i32| {
                    10_i64.checked_pow(scale.abs_diff(low)).and_then(|factor| value.checked_mul(factor))
                };
                let sum = aligned(a, x).zip(aligned(b, y)).and_then(|(a, b)| a.checked_add(b));
                sum.map_or_else(nanos, |value| Amount::Int { value, scale: low })
            }
            _ => nanos(),
        };
        Self { amount, format }
    }

    /// The difference, in this quantity's format unless this is zero.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        let amount = match other.amount {
            Amount::Int { value, scale } if value > i64::MIN => Amount::Int { value: -value, scale },
            _ => Amount::Nanos(other.nanos().saturating_neg()),
        };
        self.plus(Self { amount, ..other })
    }
}

/// value · 10^places as upstream has it: beyond int64 it wraps around, or is 0.
///
/// Kubernetes: math.go, positiveScaleInt64.
fn positive_scale(value: i64, places: u32) -> i64 {
    match places {
        0..=3 | 6 | 9 => value.wrapping_mul(10_i64.pow(places)),
        _ if value == 0 => 0,
        _ => 10_i64.checked_pow(places).and_then(|factor| value.checked_mul(factor)).unwrap_or(0),
    }
}

/// value / 10^places, rounded away from zero.
///
/// Kubernetes: math.go, negativeScaleInt64.
fn negative_scale(value: i64, places: u32) -> i64 {
    let Some(divisor) = 10_i64.checked_pow(places) else { return value.signum() };
    let quotient = value / divisor;
    if value % divisor == 0 { quotient } else { quotient + value.signum() }
}

/// Prints the canonical form: the largest suffix that leaves a whole number.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.decimal().canonicalize(self.format))
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.amount, other.amount) {
            (Amount::Nanos(left), Amount::Nanos(right)) => left.cmp(&right),
            (Amount::Int { value: left, scale: x }, Amount::Int { value: right, scale: y }) if x == y => {
                left.cmp(&right)
            }
            _ => compare(&self.decimal(), &other.decimal()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        canonicalize(text).unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn quantities_print_canonically() {
        for (text, expected) in [
            ("0", "0"),
            ("1000m", "1"),
            ("500m", "500m"),
            ("0.5", "500m"),
            (".5", "500m"),
            ("1500m", "1500m"),
            ("100000", "100k"),
            ("1024Mi", "1Gi"),
            ("1025Mi", "1025Mi"),
            ("1.5Gi", "1536Mi"),
            ("0.5Ki", "512"),
            ("0.5Mi", "512Ki"),
            ("1023", "1023"),
            ("1Ki", "1Ki"),
            ("1000Ki", "1000Ki"),
            ("128974848", "128974848"),
            ("129e6", "129e6"),
            ("129M", "129M"),
            ("123Mi", "123Mi"),
            ("1E", "1E"),
            ("12e2", "1200"),
            ("-1", "-1"),
            ("-1.5Gi", "-1536Mi"),
            ("100Ei", "9223372036854775807"),
            ("12345678901234567890Ki", "9223372036854775807"),
            ("9223372036854775808", "9223372036854775808"),
            ("0.0000000001", "1n"),
            ("0.1Ki", "102400m"),
            ("0.001Mi", "1048576m"),
            ("1e-100", "1e-9"),
            ("1.000000000000000001Ei", "1152921504606846977152921505n"),
            ("Ki", "0"),
            ("+", "0"),
            ("-0", "0"),
            // As they were written: upstream takes these for canonical.
            ("+1", "+1"),
            ("5.", "5."),
            ("001", "001"),
            ("1e3", "1e3"),
            ("1E3", "1E3"),
            ("1e+30", "1e+30"),
            ("12Ki", "12Ki"),
            ("0012Ki", "0012Ki"),
            // And these lose a suffix that there is not.
            ("1000E", "1"),
            ("10000000000000000000000", "10"),
            ("1000e30", "1e33"),
            (
                "123456789012345678901234567890123456789012345",
                "123456789012345678901234567890123456789012345",
            ),
        ] {
            assert_eq!(canonical(text), expected, "{text}");
        }
        for (text, expected) in [
            ("1e-3", "1e-3"),
            ("1.5", "1500m"),
            ("0.0001", "1m"),
            ("1E-9", "1e-3"),
            ("+1", "+1"),
            ("1n", "1m"),
        ] {
            assert_eq!(round_up_to_milli(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn api_036_a_bad_quantity_is_refused_in_upstreams_words() {
        let format = "quantities must match the regular expression \
                      '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
        for text in ["", "1.1.M", "1+1.0M", "0.1mi.", "wrong", "500 m", "1Gb", "1é"] {
            assert_eq!(canonical(text), format, "{text}");
        }
        for text in ["1i", "1KK", "1mi", "1Gi5", "1e", "1e+", "1K", "eE1", "1i0", "--1"] {
            assert_eq!(canonical(text), "unable to parse quantity's suffix", "{text}");
        }
        for text in ["Pi", "+Ei", ".Pi"] {
            assert_eq!(canonical(text), "unable to parse numeric part of quantity", "{text}");
        }
    }

    #[test]
    fn values_round_away_from_zero() {
        let read = |text: &str| text.parse::<Quantity>().unwrap_or(Quantity::ZERO);
        assert_eq!(read("1500m").value(), 2);
        assert_eq!(read("-1500m").value(), -2);
        assert_eq!(read("1u").milli_value(), 1);
        assert_eq!(read("2").milli_value(), 2000);
        assert_eq!(read("16Gi").value(), 17_179_869_184);
        // Beyond int64 it goes round, which upstream's warnings show: "fractional byte value "1E" is invalid".
        assert_eq!(read("1000000000000000000").milli_value(), 3_875_820_019_684_212_736);
        assert_eq!(read("1E").milli_value(), 0);
        assert_eq!(read("123456789012345678").milli_value() % 1000, -312);
        assert_eq!(read("1u").round_up_to_milli().to_string(), "1m");
        assert!(read("1").is_integer() && !read("1m").is_integer());
    }

    #[test]
    fn quantities_compare_by_amount() {
        let read = |text: &str| text.parse::<Quantity>().unwrap_or(Quantity::ZERO);
        assert_eq!(read("1"), read("1000m"));
        assert_eq!(read("1Gi"), read("1024Mi"));
        assert!(read("1G") < read("1Gi"));
        assert_eq!(read("1Gi").plus(read("1Gi")).to_string(), "2Gi");
        assert_eq!(read("4").minus(read("100m")).to_string(), "3900m");
    }

    #[test]
    fn absurd_quantities_are_answered_at_once() {
        let long = "9".repeat(10_000);
        for text in
            [&*long, &format!("0.{long}"), &format!("{long}Ei"), "1e999999999", "1e-999999999", "9e30"]
        {
            let quantity = text.parse::<Quantity>();
            assert!(quantity.is_ok_and(|quantity| quantity.sign() == 1), "{}", &text[..4]);
            assert!(round_up_to_milli(text).is_ok());
        }
        assert!("1e99999999999999999999".parse::<Quantity>().is_err());
        let read = |text: &str| text.parse::<Quantity>().unwrap_or(Quantity::ZERO);
        assert!(read("1e999999999") > read("9e30"));
        assert_eq!(read("0e2000000000").milli_value(), 0);
        assert_eq!(read("5e-5").plus(read("1e999999999")).sign(), 1);
    }
}
