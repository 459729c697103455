//! Commands that only look at text: `grep`, `head`, `tail`, `wc`, `sort`, `uniq`, `cut`.

use super::regex::Regex;

/// What a filter makes of its input.
pub(crate) struct Filtered {
    pub(crate) text: String,
    pub(crate) err: String,
    pub(crate) exit_code: i32,
}

fn fine(text: String) -> Option<Filtered> {
    Some(Filtered { text, err: String::new(), exit_code: 0 })
}

fn misuse(err: String) -> Option<Filtered> {
    Some(Filtered { text: String::new(), err, exit_code: 2 })
}

/// Whether the command is one that [`filter`] knows.
pub(crate) fn is_filter(name: &str) -> bool {
    matches!(
        name,
        "grep" | "egrep" | "head" | "tail" | "wc" | "sort" | "uniq" | "cut" | "tr" | "nl" | "column"
    )
}

/// The words of a filter that are files, not options or patterns.
pub(crate) fn files_of(words: &[String]) -> Vec<String> {
    let takes_value = |word: &str| {
        let long = matches!(word, "--after-context" | "--before-context" | "--context" | "--regexp");
        long || matches!(word, "-n" | "-A" | "-B" | "-C" | "-e" | "-d" | "-f" | "-k" | "-c")
    };
    let name = words.first().map_or("", String::as_str);
    let mut files = Vec::new();
    let mut patterns = usize::from(matches!(name, "grep" | "egrep"));
    if name == "tr" {
        return files;
    }
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        let grep_count =
            matches!(name, "grep" | "egrep" | "wc" | "sort") && matches!(word.as_str(), "-n" | "-c" | "-f");
        if takes_value(word) && !grep_count {
            rest.next();
            patterns = patterns.saturating_sub(usize::from(matches!(word.as_str(), "-e" | "--regexp")));
        } else if word.starts_with('-') && word.len() > 1 {
        } else if patterns > 0 {
            patterns -= 1;
        } else {
            files.push(word.clone());
        }
    }
    files
}

/// Runs a filter on its input; `None` for a command that is none.
pub(crate) fn filter(words: &[String], input: &str) -> Option<Filtered> {
    let name = words.first()?.as_str();
    let args: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    let lines: Vec<&str> = input.lines().collect();
    match name {
        "grep" => grep(&args, &lines, false),
        "egrep" => grep(&args, &lines, true),
        "head" => {
            let count = count_option(&args).unwrap_or(10);
            let most = if count < 0 { lines.len() as i64 + count } else { count };
            fine(join(lines.iter().take(usize::try_from(most).unwrap_or(0)).copied()))
        }
        "tail" => {
            let from_start = args.iter().find_map(|arg| arg.strip_prefix('+')?.parse::<usize>().ok());
            let count = usize::try_from(count_option(&args).unwrap_or(10).abs()).unwrap_or(0);
            let skip = from_start.map_or(lines.len().saturating_sub(count), |from| from.saturating_sub(1));
            fine(join(lines.iter().skip(skip).copied()))
        }
        "wc" => {
            let (words, bytes) = (input.split_whitespace().count(), input.len());
            let newlines = input.matches('\n').count();
            fine(match args.first() {
                Some(&"-l") => format!("{newlines}\n"),
                Some(&"-w") => format!("{words}\n"),
                Some(&"-c") => format!("{bytes}\n"),
                _ => format!("{newlines:7} {words:7} {bytes:7}\n"),
            })
        }
        "sort" => {
            let mut sorted = lines.clone();
            let number = |line: &&str| {
                let digits: String = line.trim_start().chars().take_while(char::is_ascii_digit).collect();
                digits.parse::<u64>().unwrap_or(0)
            };
            if has(&args, 'n') {
                sorted.sort_by_key(number);
            } else {
                sorted.sort_unstable();
            }
            if has(&args, 'r') {
                sorted.reverse();
            }
            if has(&args, 'u') {
                sorted.dedup();
            }
            fine(join(sorted.into_iter()))
        }
        "uniq" => fine(uniq(&lines, has(&args, 'c'))),
        "cut" => cut(&args, &lines),
        "tr" => tr(&args, input),
        "nl" => fine(lines.iter().zip(1..).map(|(line, at)| format!("{at:6}\t{line}\n")).collect()),
        "column" => fine(join(lines.into_iter())),
        _ => None,
    }
}

fn join<'l>(lines: impl Iterator<Item = &'l str>) -> String {
    lines.map(|line| format!("{line}\n")).collect()
}

/// Whether a letter stands among the short options.
fn has(args: &[&str], letter: char) -> bool {
    args.iter().any(|arg| arg.starts_with('-') && !arg.starts_with("--") && arg.contains(letter))
}

/// `-n 5`, `-n5`, `-5`.
fn count_option(args: &[&str]) -> Option<i64> {
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if *arg == "-n" {
            return args.next()?.parse().ok();
        }
        let digits = arg.strip_prefix("-n").or_else(|| arg.strip_prefix('-'));
        if let Some(count) = digits.and_then(|digits| digits.parse().ok()) {
            return Some(count);
        }
    }
    None
}

fn grep(args: &[&str], lines: &[&str], extended: bool) -> Option<Filtered> {
    let mut patterns: Vec<&str> = Vec::new();
    let (mut extended, mut fixed) = (extended, false);
    let (mut before, mut after, mut groups) = (0_usize, 0_usize, false);
    let mut options = String::new();
    let mut args = args.iter();
    let mut operand = None;
    while let Some(arg) = args.next() {
        if let Some((sides, count)) = context_option(arg) {
            let count = if count.is_empty() { args.next().copied().unwrap_or_default() } else { count };
            let Ok(count) = count.parse() else {
                let err = format!("grep: {count}: invalid context length argument\n");
                return Some(Filtered { text: String::new(), err, exit_code: 2 });
            };
            after = if sides == 'B' { after } else { count };
            before = if sides == 'A' { before } else { count };
            groups = true;
            continue;
        }
        match *arg {
            "-e" | "--regexp" => patterns.extend(args.next()),
            option if option.starts_with("--") => options.extend(short_of(option)),
            option if option.starts_with('-') && option.len() > 1 => options.push_str(&option[1..]),
            word if operand.is_none() => operand = Some(word),
            _ => {}
        }
    }
    if patterns.is_empty() {
        patterns.extend(operand);
    }
    extended |= options.contains(['E', 'P']);
    fixed |= options.contains('F');
    if patterns.is_empty() {
        return misuse("Usage: grep [OPTION]... PATTERNS [FILE]...\n".to_owned());
    }
    let compile = |pattern: &&str| {
        let pattern =
            pattern.chars().flat_map(|c| if fixed { vec!['\\', c] } else { vec![c] }).collect::<String>();
        Regex::new(&pattern, extended && !fixed, options.contains('i'))
    };
    let regexes: Vec<Regex> = patterns.iter().map(compile).collect();
    let wanted = |line: &str| {
        let found = regexes.iter().any(|regex| match options.contains('w') {
            true => whole_word(regex, line),
            false => regex.is_match(line),
        });
        found != options.contains('v')
    };
    let hits: Vec<usize> =
        (0..lines.len()).filter(|at| lines.get(*at).is_some_and(|line| wanted(line))).collect();
    let exit_code = i32::from(hits.is_empty());
    if options.contains('q') {
        return Some(Filtered { text: String::new(), err: String::new(), exit_code });
    }
    if options.contains('c') {
        return Some(Filtered { text: format!("{}\n", hits.len()), err: String::new(), exit_code });
    }
    let near = |at: usize| hits.iter().any(|hit| at + before >= *hit && at <= hit + after);
    let mut text = String::new();
    let mut last = None;
    for (at, line) in lines.iter().enumerate().filter(|(at, _)| near(*at)) {
        if groups && last.is_some_and(|last| last + 1 < at) {
            text += "--\n";
        }
        last = Some(at);
        if options.contains('n') {
            let mark = if hits.contains(&at) { ':' } else { '-' };
            text += &format!("{}{mark}", at + 1);
        }
        if options.contains('o') {
            let Some((from, to)) = regexes.iter().filter_map(|regex| regex.find(line, 0)).min() else {
                continue;
            };
            text += line.get(from..to).unwrap_or_default();
        } else {
            text += line;
        }
        text.push('\n');
    }
    Some(Filtered { text, err: String::new(), exit_code })
}

/// `-A 3`, `-A3`, `--after-context=3`: which side of a hit, and the count if it is in the same word.
fn context_option(word: &str) -> Option<(char, &str)> {
    let long = [("--after-context", 'A'), ("--before-context", 'B'), ("--context", 'C')];
    for (name, side) in long {
        if let Some(rest) = word.strip_prefix(name) {
            return Some((side, rest.strip_prefix('=').unwrap_or(rest)));
        }
    }
    let rest = word.strip_prefix('-')?;
    let side = rest.chars().next().filter(|c| matches!(c, 'A' | 'B' | 'C'))?;
    Some((side, rest.get(1..)?))
}

/// The letter of a long option that counts here.
fn short_of(option: &str) -> Option<char> {
    Some(match option {
        "--count" => 'c',
        "--extended-regexp" => 'E',
        "--fixed-strings" => 'F',
        "--ignore-case" => 'i',
        "--invert-match" => 'v',
        "--line-number" => 'n',
        "--only-matching" => 'o',
        "--quiet" | "--silent" => 'q',
        "--word-regexp" => 'w',
        _ => return None,
    })
}

fn whole_word(regex: &Regex, line: &str) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut from = 0;
    while let Some((start, end)) = regex.find(line, from) {
        let (before, after) = (line.get(..start), line.get(end..));
        let bounded = !is_word(before.and_then(|text| text.chars().next_back()))
            && !is_word(after.and_then(|text| text.chars().next()));
        if bounded {
            return true;
        }
        from = start + line.get(start..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        if from > line.len() {
            break;
        }
    }
    false
}

fn uniq(lines: &[&str], counted: bool) -> String {
    let mut groups: Vec<(&str, usize)> = Vec::new();
    for line in lines {
        match groups.last_mut() {
            Some((last, count)) if last == line => *count += 1,
            _ => groups.push((line, 1)),
        }
    }
    let show = |(line, count): (&str, usize)| match counted {
        true => format!("{count:7} {line}\n"),
        false => format!("{line}\n"),
    };
    groups.into_iter().map(show).collect()
}

fn option<'a>(args: &[&'a str], name: &str) -> Option<&'a str> {
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if *arg == name {
            return args.next().copied();
        }
        if let Some(value) = arg.strip_prefix(name) {
            return Some(value);
        }
    }
    None
}

fn cut(args: &[&str], lines: &[&str]) -> Option<Filtered> {
    let delimiter = option(args, "-d").and_then(|text| text.chars().next()).unwrap_or('\t');
    let Some(fields) = option(args, "-f") else {
        return misuse("cut: you must specify a list of bytes, characters, or fields\n".to_owned());
    };
    let wanted = |at: usize| {
        fields.split(',').any(|range| match range.split_once('-') {
            Some((from, to)) => at >= from.parse().unwrap_or(1) && at <= to.parse().unwrap_or(usize::MAX),
            None => range.parse() == Ok(at),
        })
    };
    let cut_line = |line: &&str| {
        let parts = line.split(delimiter).zip(1..).filter(|(_, at)| wanted(*at)).map(|(part, _)| part);
        parts.collect::<Vec<_>>().join(&delimiter.to_string()) + "\n"
    };
    fine(lines.iter().map(cut_line).collect())
}

fn tr(args: &[&str], input: &str) -> Option<Filtered> {
    let expand = |set: &str| set.replace("\\n", "\n").replace("\\t", "\t");
    match args {
        ["-d", set] => {
            let set = expand(set);
            fine(input.chars().filter(|c| !set.contains(*c)).collect())
        }
        [from, to] => {
            let (from, to): (Vec<char>, Vec<char>) =
                (expand(from).chars().collect(), expand(to).chars().collect());
            let change = |c: char| match from.iter().position(|f| *f == c) {
                Some(at) => to.get(at).or(to.last()).copied().unwrap_or(c),
                None => c,
            };
            fine(input.chars().map(change).collect())
        }
        _ => misuse("tr: missing operand\n".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str, input: &str) -> String {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        filter(&words, input).map(|filtered| filtered.text).unwrap_or_default()
    }

    #[test]
    fn filters_do_what_the_real_ones_do() {
        let input = "b 2\na 10\nb 2\nc 3\n";
        for (line, expected) in [
            ("grep b", "b 2\nb 2\n"),
            ("grep -v b", "a 10\nc 3\n"),
            ("grep -c b", "2\n"),
            ("grep -n a", "2:a 10\n"),
            ("grep -A 1 a", "a 10\nb 2\n"),
            ("grep -A1 a", "a 10\nb 2\n"),
            ("grep --context=1 c", "b 2\nc 3\n"),
            ("grep -B0 b", "b 2\n--\nb 2\n"),
            ("grep -e a -e c", "a 10\nc 3\n"),
            ("grep --ignore-case C", "c 3\n"),
            ("grep -E a|c", "a 10\nc 3\n"),
            ("grep -w 1", ""),
            ("head -n 1", "b 2\n"),
            ("head -2", "b 2\na 10\n"),
            ("tail -1", "c 3\n"),
            ("tail -n +3", "b 2\nc 3\n"),
            ("wc -l", "4\n"),
            ("sort", "a 10\nb 2\nb 2\nc 3\n"),
            ("sort -ru", "c 3\nb 2\na 10\n"),
            ("uniq", "b 2\na 10\nb 2\nc 3\n"),
            ("cut -f1 -d2", "b \na 10\nb \nc 3\n"),
        ] {
            assert_eq!(run(line, input), expected, "{line}");
        }
    }

    #[test]
    fn files_are_told_from_options_and_patterns() {
        let of = |line: &str| files_of(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(of("grep -n image /a /b"), ["/a", "/b"]);
        assert_eq!(of("head -n 3 /a"), ["/a"]);
        assert_eq!(of("tail -3 /a"), ["/a"]);
        assert_eq!(of("wc -l /a"), ["/a"]);
        assert!(of("grep image").is_empty());
    }
}
