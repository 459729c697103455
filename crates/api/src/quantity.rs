//! Resource quantities: `500m`, `1Gi`, `2e3`. Exact: no floating point anywhere.
//!
//! Kubernetes: staging/src/k8s.io/apimachinery/pkg/api/resource (quantity.go, suffix.go, amount.go).

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde_json::Value;

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
/// Upstream's names of scales.
const NANO: i32 = -9;
const MILLI: i32 = -3;
/// So many digits fit into an int64, whatever they are.
const MAX_INT64_FACTORS: usize = 18;

/// A quantity's text, cut into its parts.
struct Parts<'a> {
    negative: bool,
    /// Sign, digits and point.
    value: &'a str,
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
    let value = text.strip_suffix(suffix).unwrap_or(text);
    let num = if num.is_empty() { "0" } else { num };
    Ok(Parts { negative, value, num, denom, suffix })
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
            // Upstream keeps the lower half.
            Some((10, exponent as i32, Format::DecimalExponent))
        }
    }
}

/// What a text says: its amount, however long, and whether it is printed as it stands.
struct Parsed<'a> {
    amount: Decimal,
    /// Upstream's int64Amount, where the amount is one.
    int: Option<(i64, i32)>,
    format: Format,
    /// The text, where it counts as canonical.
    canonical: Option<&'a str>,
}

/// An amount in digits: digits · 10^exponent.
#[derive(Clone, Debug, Default)]
struct Decimal {
    negative: bool,
    /// Without leading zeros; none at all is zero.
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn new(negative: bool, digits: &str, exponent: i64) -> Self {
        let digits = digits.trim_start_matches('0').to_owned();
        Self { negative: negative && !digits.is_empty(), digits, exponent }
    }

    fn of_int(value: i128, exponent: i64) -> Self {
        Self::new(value < 0, &value.unsigned_abs().to_string(), exponent)
    }

    fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// How many digits stand before the point; negative: so many zeros behind it.
    fn magnitude(&self) -> i64 {
        i64::try_from(self.digits.len()).unwrap_or(i64::MAX).saturating_add(self.exponent)
    }

    /// Rounded away from zero to so many places; whether that was exact.
    fn round_up(&mut self, exponent: i64) -> bool {
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
    fn shift_left(&mut self, shift: u32) {
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
    fn units(&self, exponent: i64) -> i128 {
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
    fn canonicalize(&self, format: Format) -> String {
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

/// Kubernetes: quantity.go, ParseQuantity.
fn parse(text: &str) -> Result<Parsed<'_>, ParseQuantityError> {
    if text.is_empty() {
        return Err(ParseQuantityError::Format);
    }
    let parts = parse_quantity_string(text)?;
    let (base, exponent, mut format) = interpret(parts.suffix).ok_or(ParseQuantityError::Suffix)?;
    if let Some((value, scale, canonical)) = parse_fast(&parts, base, exponent, format) {
        return Ok(Parsed {
            amount: Decimal::of_int(value.into(), scale.into()),
            int: Some((value, scale)),
            format,
            canonical: canonical.then_some(text),
        });
    }
    if !parts.value.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(ParseQuantityError::Numeric);
    }
    let places = i64::try_from(parts.denom.len()).unwrap_or(i64::MAX);
    let mut amount = Decimal::new(false, &format!("{}{}", parts.num, parts.denom), -places);
    if base == 10 {
        amount.exponent += i64::from(exponent);
    } else {
        amount.shift_left(exponent.unsigned_abs());
    }
    amount.round_up(NANO.into());
    if format == Format::BinarySi {
        // More than an int64 holds is held there.
        let most = Decimal::of_int(i64::MAX.into(), 0);
        if compare(&amount, &most).is_gt() {
            amount = most;
        }
        if !amount.is_zero() && amount.magnitude() <= 0 {
            format = Format::DecimalSi;
        }
    }
    amount.negative = parts.negative && !amount.is_zero();
    Ok(Parsed { amount, int: None, format, canonical: None })
}

/// The value, scale, and whether the text counts as canonical, of an amount that surely fits into an int64.
fn parse_fast(parts: &Parts<'_>, base: u32, exponent: i32, format: Format) -> Option<(i64, i32, bool)> {
    let digits = parts.num.len() + parts.denom.len();
    let (scale, factor, room) = match base {
        10 => (exponent, 1_i64, MAX_INT64_FACTORS.checked_sub(digits)),
        _ if parts.denom.is_empty() => {
            let taken = digits + exponent.unsigned_abs() as usize * 3 / 10 + 1;
            (0, 1_i64.checked_shl(exponent.unsigned_abs())?, 15_usize.checked_sub(taken))
        }
        _ => return None,
    };
    room?;
    let scale = scale.wrapping_sub(i32::try_from(parts.denom.len()).ok()?);
    if scale < NANO {
        return None;
    }
    let shifted = format!("{}{}", parts.num, parts.denom);
    let value: i64 = shifted.parse().ok()?;
    let canonical = match format {
        Format::BinarySi => value % 8 != 0,
        _ => scale % 3 == 0 && !shifted.ends_with("000") && !shifted.starts_with('0'),
    };
    let result = value.checked_mul(factor)?;
    Some((if parts.negative { -result } else { result }, scale, canonical))
}

fn compare(left: &Decimal, right: &Decimal) -> Ordering {
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
    pub const ZERO: Self = Self { amount: Amount::Int { value: 0, scale: 0 }, format: Format::DecimalSi };

    /// A quantity of that many thousandths.
    pub fn from_milli(milli: i64, format: Format) -> Self {
        Self { amount: Amount::Int { value: milli, scale: MILLI }, format }
    }

    /// A quantity of that many whole units.
    pub fn from_value(value: i64, format: Format) -> Self {
        Self { amount: Amount::Int { value, scale: 0 }, format }
    }

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
