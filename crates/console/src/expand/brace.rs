//! `a{b,c}d` and `{1..5}`: one word becomes several.

use crate::syntax::{Piece, Word};

/// So many words come of one at most.
const MOST: usize = 100_000;

/// A character without quotes, or a piece that braces do not look into.
#[derive(Clone, Debug)]
enum Atom {
    Char(char),
    Piece(Piece),
}

/// The words that a word stands for; itself if it has no braces.
pub(super) fn expand(word: &Word) -> Result<Vec<Word>, String> {
    let braces = |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains('{'));
    if !word.pieces.iter().any(braces) {
        return Ok(vec![word.clone()]);
    }
    let mut atoms = Vec::new();
    for piece in &word.pieces {
        match piece {
            Piece::Text(text) => atoms.extend(text.chars().map(Atom::Char)),
            piece => atoms.push(Atom::Piece(piece.clone())),
        }
    }
    let mut done = Vec::new();
    let mut left = vec![atoms];
    // Depth first, leftmost group first, so that the words come in order.
    while let Some(atoms) = left.pop() {
        match alternatives(&atoms) {
            None => done.push(word_of(atoms)),
            Some(all) => left.extend(all.into_iter().rev()),
        }
        if done.len() + left.len() > MOST {
            return Err(format!("brace expansion: more than {MOST} words"));
        }
    }
    Ok(done)
}

fn word_of(atoms: Vec<Atom>) -> Word {
    let mut pieces: Vec<Piece> = Vec::new();
    for atom in atoms {
        match (atom, pieces.last_mut()) {
            (Atom::Char(c), Some(Piece::Text(text))) => text.push(c),
            (Atom::Char(c), _) => pieces.push(Piece::Text(c.into())),
            (Atom::Piece(piece), _) => pieces.push(piece),
        }
    }
    Word { pieces }
}

fn is(atom: Option<&Atom>, wanted: char) -> bool {
    matches!(atom, Some(Atom::Char(c)) if *c == wanted)
}

/// The word with its first group of braces replaced by each of its members.
fn alternatives(atoms: &[Atom]) -> Option<Vec<Vec<Atom>>> {
    for open in (0..atoms.len()).filter(|at| is(atoms.get(*at), '{')) {
        let (mut depth, mut commas, mut close) = (0_u32, Vec::new(), None);
        for (at, atom) in atoms.iter().enumerate().skip(open) {
            match atom {
                Atom::Char('{') => depth += 1,
                Atom::Char('}') => {
                    depth -= 1;
                    if depth == 0 {
                        close = Some(at);
                        break;
                    }
                }
                Atom::Char(',') if depth == 1 => commas.push(at),
                _ => {}
            }
        }
        let close = close?;
        let inside = atoms.get(open + 1..close)?;
        let members =
            if commas.is_empty() { sequence(inside) } else { Some(split(atoms, open, close, &commas)) };
        let Some(members) = members else { continue };
        let (before, after) = (atoms.get(..open)?, atoms.get(close + 1..)?);
        return Some(members.into_iter().map(|member| [before, &member, after].concat()).collect());
    }
    None
}

fn split(atoms: &[Atom], open: usize, close: usize, commas: &[usize]) -> Vec<Vec<Atom>> {
    let starts = std::iter::once(open).chain(commas.iter().copied());
    let ends = commas.iter().copied().chain([close]);
    starts.zip(ends).map(|(start, end)| atoms.get(start + 1..end).unwrap_or_default().to_vec()).collect()
}

/// `1..5`, `01..10`, `a..e`, `1..10..2`
fn sequence(inside: &[Atom]) -> Option<Vec<Vec<Atom>>> {
    let text: String = inside
        .iter()
        .map(|atom| match atom {
            Atom::Char(c) => Some(*c),
            Atom::Piece(_) => None,
        })
        .collect::<Option<String>>()?;
    let mut parts = text.split("..");
    let (from, to, step) = (parts.next()?, parts.next()?, parts.next());
    if parts.next().is_some() {
        return None;
    }
    let step = step.map_or(Some(1), |step| step.parse::<i64>().ok())?.unsigned_abs().max(1);
    let atoms = |text: String| text.chars().map(Atom::Char).collect();
    let (first, last, format): (i64, i64, Box<dyn Fn(i64) -> String>) = match (from.parse(), to.parse()) {
        (Ok(first), Ok(last)) => {
            let padded = |text: &str| text.trim_start_matches('-').starts_with('0') && text.len() > 1;
            let width = if padded(from) || padded(to) { from.len().max(to.len()) } else { 0 };
            (first, last, Box::new(move |value| format!("{value:0width$}")))
        }
        _ => {
            let letter = |text: &str| {
                let mut chars = text.chars();
                chars.next().filter(|c| c.is_ascii_alphabetic() && chars.next().is_none())
            };
            let (first, last) = (letter(from)?, letter(to)?);
            let show =
                |value: i64| u8::try_from(value).map_or(String::new(), |byte| char::from(byte).to_string());
            (i64::from(u32::from(first)), i64::from(u32::from(last)), Box::new(show))
        }
    };
    let count = first.abs_diff(last) / step;
    if count > MOST as u64 {
        return None;
    }
    let values = (0..=count).map(|at| {
        let way = (at * step) as i64;
        if first <= last { first + way } else { first - way }
    });
    Some(values.map(|value| atoms(format(value))).collect())
}
