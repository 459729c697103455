//! A quantity's insides, as the hash of a pod template sees them.
//!
//! Kubernetes: apimachinery/pkg/api/resource (quantity.go, amount.go); k8s.io/utils/dump, ForHash.

use super::parse::parse;
use super::{Format, NANO};

/// The struct behind a quantity's text, with Go's names of its fields and types; what is no quantity is zero.
pub fn dump(text: &str) -> String {
    let Ok(parsed) = parse(text) else { return of_parts((0, 0), "<nil>", "", "") };
    let format = match parsed.format {
        Format::DecimalSi => "DecimalSI",
        Format::BinarySi => "BinarySI",
        Format::DecimalExponent => "DecimalExponent",
    };
    let canonical = if text == "0" { text } else { parsed.canonical.unwrap_or_default() };
    match parsed.int {
        Some(int) => of_parts(int, "<nil>", canonical, format),
        None => of_parts((0, 0), &decimal(parsed.amount.units(NANO.into())), "", format),
    }
}

fn of_parts((value, scale): (i64, i32), decimal: &str, canonical: &str, format: &str) -> String {
    format!(
        "{{i:(resource.int64Amount){{value:(int64){value} scale:(resource.Scale){scale}}} \
         d:(resource.infDecAmount){{Dec:(*inf.Dec){decimal}}} s:(string){canonical} \
         Format:(resource.Format){format}}}"
    )
}

/// An amount in billionths, which is how upstream keeps what its int64 does not hold.
fn decimal(nanos: i128) -> String {
    let amount = nanos.unsigned_abs();
    // Go's words, the lowest first; a number that needs no second one has none.
    let digits = match ((amount >> 64) as u64, amount as u64) {
        (0, 0) => "<nil>".to_owned(),
        (0, low) => format!("[{low}]"),
        (high, low) => format!("[{low} {high}]"),
    };
    format!("{{unscaled:(big.Int){{neg:(bool){} abs:(big.nat){digits}}} scale:(inf.Scale)9}}", nanos < 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_shows_its_insides() {
        assert_eq!(
            dump("170Mi"),
            "{i:(resource.int64Amount){value:(int64)178257920 scale:(resource.Scale)0} \
             d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string)170Mi Format:(resource.Format)BinarySI}"
        );
        assert!(dump("100m").contains("{value:(int64)100 scale:(resource.Scale)-3}"));
        assert!(dump("0").contains("s:(string)0 Format:(resource.Format)DecimalSI"));
        // 8 and its multiples might be written with the next suffix, and so are written anew.
        assert!(dump("16Gi").contains("{value:(int64)17179869184 scale:(resource.Scale)0}"));
        assert!(dump("16Gi").contains("s:(string) Format"));
    }
}
