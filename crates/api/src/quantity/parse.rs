//! What the text of a quantity says.
//!
//! Kubernetes: apimachinery/pkg/api/resource (quantity.go, suffix.go).

use super::decimal::{Decimal, compare};
use super::{Format, NANO, ParseQuantityError};

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
pub(super) struct Parsed<'a> {
    pub(super) amount: Decimal,
    /// Upstream's int64Amount, where the amount is one.
    pub(super) int: Option<(i64, i32)>,
    pub(super) format: Format,
    /// The text, where it counts as canonical.
    pub(super) canonical: Option<&'a str>,
}

/// Kubernetes: quantity.go, ParseQuantity.
pub(super) fn parse(text: &str) -> Result<Parsed<'_>, ParseQuantityError> {
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
