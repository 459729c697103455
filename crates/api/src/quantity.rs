//! Resource quantities: `500m`, `1Gi`, `2e3`. Exact: no floating point anywhere.
//!
//! Kubernetes: staging/src/k8s.io/apimachinery/pkg/api/resource (quantity.go, suffix.go, amount.go).

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

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
/// Comparing two quantities compares the amounts; `1` equals `1000m`. Amounts beyond ±1.7·10²⁹ are
/// held at that bound.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    /// In billionths: upstream keeps no finer part either.
    nanos: i128,
    format: Format,
}

/// Why a text is no quantity. Prints in upstream's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseQuantityError {
    Format,
    Numeric,
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
/// Binary amounts are cut to what an int64 holds.
const MAX_BINARY: i128 = i64::MAX as i128 * NANOS;

/// A quantity's text, cut into its parts.
struct Parts<'a> {
    negative: bool,
    /// Digits before the point, without leading zeros.
    num: &'a str,
    /// Digits after the point.
    denom: &'a str,
    suffix: &'a str,
}

/// Kubernetes: quantity.go, parseQuantityString.
fn parse_quantity_string(text: &str) -> Result<Parts<'_>, ParseQuantityError> {
    let negative = text.starts_with('-');
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let number = unsigned.trim_start_matches('0');
    let (num, rest) = split_digits(number);
    let (denom, suffix) = match rest.strip_prefix('.') {
        Some(fraction) => split_digits(fraction),
        None => ("", rest),
    };
    let exponent = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    let (_, left) = split_digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent));
    if !left.is_empty() {
        return Err(ParseQuantityError::Format);
    }
    Ok(Parts { negative, num, denom, suffix })
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// The multiplier that a suffix stands for: base, exponent, format.
///
/// Kubernetes: suffix.go, suffixHandler.interpret.
fn interpret(suffix: &str) -> Option<(u32, i32, Format)> {
    let decimal = |exponent| Some((10, exponent, Format::DecimalSi));
    let binary = |exponent| Some((2, exponent, Format::BinarySi));
    match suffix {
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "" => decimal(0),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(10),
        "Mi" => binary(20),
        "Gi" => binary(30),
        "Ti" => binary(40),
        "Pi" => binary(50),
        "Ei" => binary(60),
        _ => {
            let exponent: i64 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            // Any exponent of ten so large says no more than this one.
            Some((10, exponent.clamp(-10_000, 10_000) as i32, Format::DecimalExponent))
        }
    }
}

/// digits · 10^shift, rounded away from zero, held at the bound.
fn scale_decimal(digits: impl Iterator<Item = u8>, shift: i32) -> i128 {
    let mut value: i128 = 0;
    for digit in digits {
        value = value.saturating_mul(10).saturating_add(i128::from(digit - b'0'));
    }
    scale10(value, shift)
}

fn scale10(mut value: i128, shift: i32) -> i128 {
    let mut rest = false;
    for _ in 0..shift.unsigned_abs() {
        if value == 0 {
            break;
        }
        if shift > 0 {
            value = value.saturating_mul(10);
        } else {
            rest |= value % 10 != 0;
            value /= 10;
        }
    }
    if rest { value.saturating_add(1) } else { value }
}

impl FromStr for Quantity {
    type Err = ParseQuantityError;

    /// Kubernetes: quantity.go, ParseQuantity.
    fn from_str(text: &str) -> Result<Self, ParseQuantityError> {
        if text.is_empty() {
            return Err(ParseQuantityError::Format);
        }
        let parts = parse_quantity_string(text)?;
        let (base, exponent, mut format) = interpret(parts.suffix).ok_or(ParseQuantityError::Suffix)?;
        // Digits that no longer fit are beyond any bound; 60 of them are plenty to see that.
        if parts.num.len() > 60 {
            return Ok(Self { nanos: Self::bound(parts.negative, format), format });
        }
        let denom = parts.denom.get(..60.min(parts.denom.len())).unwrap_or("");
        let digits = parts.num.bytes().chain(denom.bytes());
        let places = denom.len() as i32;
        let mut nanos = if base == 10 {
            scale_decimal(digits, exponent.saturating_add(9).saturating_sub(places))
        } else {
            binary_nanos(parts.num, denom, exponent as u32)
        };
        if format == Format::BinarySi {
            nanos = nanos.min(MAX_BINARY);
            if (1..NANOS).contains(&nanos) {
                // Less than one is shown in decimal, as upstream does, to keep it exact.
                format = Format::DecimalSi;
            }
        }
        Ok(Self { nanos: if parts.negative { -nanos } else { nanos }, format })
    }
}

/// num.denom · 2^exponent in billionths, rounded away from zero.
fn binary_nanos(num: &str, denom: &str, exponent: u32) -> i128 {
    let whole = scale_decimal(num.bytes(), 0).saturating_mul(1 << exponent).saturating_mul(NANOS);
    // Twelve places of a fraction keep 2^60 times it inside 128 bits, exact enough to round up from.
    let kept = denom.get(..12.min(denom.len())).unwrap_or("");
    let lost = denom.len() > 12 && denom.bytes().skip(12).any(|digit| digit != b'0');
    let fraction = scale_decimal(kept.bytes(), 0).saturating_mul(1 << exponent);
    let fraction = scale10(fraction, 9 - kept.len() as i32).saturating_add(i128::from(lost));
    whole.saturating_add(fraction)
}

impl Quantity {
    pub const ZERO: Self = Self { nanos: 0, format: Format::DecimalSi };

    /// A quantity of that many thousandths.
    pub fn from_milli(milli: i64, format: Format) -> Self {
        Self { nanos: i128::from(milli) * NANOS_PER_MILLI, format }
    }

    /// A quantity of that many whole units.
    pub fn from_value(value: i64, format: Format) -> Self {
        Self { nanos: i128::from(value) * NANOS, format }
    }

    fn bound(negative: bool, format: Format) -> i128 {
        let bound = if format == Format::BinarySi { MAX_BINARY } else { i128::MAX };
        if negative { -bound } else { bound }
    }

    pub fn is_zero(self) -> bool {
        self.nanos == 0
    }

    /// -1, 0 or 1.
    pub fn sign(self) -> i32 {
        self.nanos.signum() as i32
    }

    /// Whole units, rounded away from zero, held at int64's bounds.
    pub fn value(self) -> i64 {
        clamp(div_away(self.nanos, NANOS))
    }

    /// Thousandths, rounded away from zero, held at int64's bounds.
    pub fn milli_value(self) -> i64 {
        clamp(div_away(self.nanos, NANOS_PER_MILLI))
    }

    /// Rounds away from zero to whole thousandths, as the API server does with resource lists.
    #[must_use]
    pub fn round_up_to_milli(self) -> Self {
        let milli = div_away(self.nanos, NANOS_PER_MILLI);
        Self { nanos: milli.saturating_mul(NANOS_PER_MILLI), format: self.format }
    }

    /// Whether it is a whole number.
    pub fn is_integer(self) -> bool {
        self.nanos % NANOS == 0
    }

    /// The sum, in this quantity's format unless this is zero.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let format = if self.is_zero() { other.format } else { self.format };
        Self { nanos: self.nanos.saturating_add(other.nanos), format }
    }

    /// The difference, in this quantity's format unless this is zero.
    #[must_use]
    #[cfg(test)]
    pub(crate) fn minus(self, other: Self) -> Self {
        self.plus(Self { nanos: -other.nanos, ..other })
    }

    /// Kubernetes: suffix.go and int64Amount.AsCanonicalBytes.
    fn print_decimal(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut mantissa = self.nanos;
        let mut exponent: i32 = -9;
        if mantissa == 0 {
            return f.write_str("0");
        }
        while mantissa % 1000 == 0 {
            mantissa /= 1000;
            exponent += 3;
        }
        if self.format == Format::DecimalExponent {
            return match exponent {
                0 => write!(f, "{mantissa}"),
                _ => write!(f, "{mantissa}e{exponent}"),
            };
        }
        // Beyond exa there is no suffix.
        while exponent > 18 {
            mantissa = mantissa.saturating_mul(1000);
            exponent -= 3;
        }
        let suffix = match exponent {
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
        };
        write!(f, "{mantissa}{suffix}")
    }

    fn print_binary(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut mantissa = self.nanos / NANOS;
        let mut suffixes = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].into_iter();
        let mut suffix = "";
        while mantissa % 1024 == 0 {
            let Some(larger) = suffixes.next() else { break };
            mantissa /= 1024;
            suffix = larger;
        }
        write!(f, "{mantissa}{suffix}")
    }
}

fn div_away(value: i128, by: i128) -> i128 {
    let quotient = value / by;
    if value % by == 0 { quotient } else { quotient + value.signum() }
}

fn clamp(value: i128) -> i64 {
    value.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

/// Prints the canonical form: the largest suffix that leaves a whole number.
///
/// Kubernetes: quantity.go, CanonicalizeBytes.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let small = self.nanos.abs() < 1024 * NANOS;
        match self.format {
            // A binary amount that is small or broken prints in decimal, to lose nothing.
            Format::BinarySi if !small && self.is_integer() => self.print_binary(f),
            _ => self.print_decimal(f),
        }
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
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
        self.nanos.cmp(&other.nanos)
    }
}

/// A quantity in JSON: a text, or a bare number.
pub fn from_json(value: &serde_json::Value) -> Option<Quantity> {
    match value {
        serde_json::Value::String(text) => text.trim().parse().ok(),
        serde_json::Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        text.parse::<Quantity>().map_or_else(|error| error.to_string(), |quantity| quantity.to_string())
    }

    #[test]
    fn quantities_print_canonically() {
        for (text, expected) in [
            ("0", "0"),
            ("1000m", "1"),
            ("500m", "500m"),
            ("0.5", "500m"),
            (".5", "500m"),
            ("1.", "1"),
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
            ("1e3", "1e3"),
            ("1E3", "1e3"),
            ("12e2", "1200"),
            ("-1", "-1"),
            ("-1.5Gi", "-1536Mi"),
            ("+5", "5"),
            ("001", "1"),
            ("100Ei", "9223372036854775807"),
            ("0.0000000001", "1n"),
            ("0.1Ki", "102400m"),
            ("0.001Mi", "1048576m"),
        ] {
            assert_eq!(canonical(text), expected, "{text}");
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
    }

    #[test]
    fn values_round_away_from_zero() {
        let read = |text: &str| text.parse::<Quantity>().unwrap_or(Quantity::ZERO);
        assert_eq!(read("1500m").value(), 2);
        assert_eq!(read("-1500m").value(), -2);
        assert_eq!(read("1u").milli_value(), 1);
        assert_eq!(read("2").milli_value(), 2000);
        assert_eq!(read("16Gi").value(), 17_179_869_184);
        assert_eq!(read("9Ei").milli_value(), i64::MAX);
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
    fn absurd_quantities_are_held_at_the_bound() {
        let long = "9".repeat(10_000);
        for text in
            [&*long, &format!("0.{long}"), &format!("{long}Ei"), "1e999999999", "1e-999999999", "9e30"]
        {
            assert!(text.parse::<Quantity>().is_ok(), "{}", &text[..8]);
        }
        assert!("1e99999999999999999999".parse::<Quantity>().is_err());
        assert_eq!(canonical("1e-100"), "1e-9");
    }
}
