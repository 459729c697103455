//! The shell's own language.

use super::*;

#[test]
fn commands_are_joined_as_in_bash() {
    check_all(&[
        ("echo a; echo b", "a\nb\n"),
        ("true && echo yes || echo no", "yes\n"),
        ("false && echo yes || echo no", "no\n"),
        ("! true; echo $?", "1\n"),
        ("true || echo x; false && echo y; echo $?", "1\n"),
        ("false | true; echo $?", "0\n"),
        ("set -o pipefail; false | true; echo $?", "1\n"),
        ("false | true | false; echo ${PIPESTATUS[@]}", "1 0 1\n"),
        ("(exit 3); echo $?", "3\n"),
        ("{ echo a; echo b; } | sort -r", "b\na\n"),
        ("x=1; (x=2; echo $x); echo $x", "2\n1\n"),
        ("echo a # not this", "a\n"),
        ("echo a#b", "a#b\n"),
        ("echo a \\\n  b", "a b\n"),
        ("echo one |\n cat", "one\n"),
        ("", ""),
        ("   # nothing", ""),
        ("echo out; echo err >&2; exit 7", "out\nerr\n[7]\n"),
        ("sleep 1 & wait; echo done", "done\n"),
        ("time true", "\nreal\t0m0.000s\nuser\t0m0.000s\nsys\t0m0.000s\n"),
        ("echo x |& cat", "x\n"),
        ("ls /nowhere |& grep -c cannot", "1\n"),
    ]);
}

#[test]
fn mistakes_are_told_in_bashs_words() {
    check_all(&[
        ("| a", "bash: syntax error near unexpected token `|'\n[2]\n"),
        ("a ;; b", "bash: syntax error near unexpected token `;;'\n[2]\n"),
        ("echo >", "bash: syntax error: unexpected end of file\n[2]\n"),
        ("a > ; b", "bash: syntax error near unexpected token `;'\n[2]\n"),
        ("echo )", "bash: syntax error near unexpected token `)'\n[2]\n"),
        ("a &&", "bash: syntax error: unexpected end of file\n[2]\n"),
        ("a |", "bash: syntax error: unexpected end of file\n[2]\n"),
        ("if true; then", "bash: syntax error: unexpected end of file\n[2]\n"),
        ("if true; fi", "bash: syntax error near unexpected token `fi'\n[2]\n"),
        ("done", "bash: syntax error near unexpected token `done'\n[2]\n"),
        ("for x in a; echo; done", "bash: syntax error near unexpected token `echo'\n[2]\n"),
        ("a 'b", "bash: unexpected EOF while looking for matching `''\n[2]\n"),
        ("a \"b", "bash: unexpected EOF while looking for matching `\"'\n[2]\n"),
        ("a $(b", "bash: unexpected EOF while looking for matching `)'\n[2]\n"),
        ("echo ${x!y}", "bash: ${x!y}: bad substitution\n[1]\n"),
        (
            "bash -c 'echo a; ;; b'",
            "bash: -c: line 1: syntax error near unexpected token `;;'\nbash: -c: line 1: `echo a; ;; b'\n[2]\n",
        ),
        ("select x in a; do echo; done", "bash: select is not simulated: use a loop or a pipe\n[2]\n"),
        ("echo before\necho ( x", "before\nbash: syntax error near unexpected token `x'\n[2]\n"),
        ("frobnicate", "bash: frobnicate: command not found\n[127]\n"),
        ("./x.sh", "bash: ./x.sh: No such file or directory\n[127]\n"),
        ("x=1; readonly x; x=2; echo no", "bash: x: readonly variable\n[1]\n"),
        ("set -u; echo $nope; echo no", "bash: nope: unbound variable\n[1]\n"),
        ("echo ${x:?must be set}; echo no", "bash: x: must be set\n[1]\n"),
        ("echo $((1/0)); echo no", "bash: 1/0: division by 0 (error token is \"\")\n[1]\n"),
        ("cat < nowhere", "bash: nowhere: No such file or directory\n[1]\n"),
        ("echo x > /nowhere/y", "bash: /nowhere/y: No such file or directory\n[1]\n"),
        ("echo x > /tmp", "bash: /tmp: Is a directory\n[1]\n"),
        ("cd /nowhere", "bash: cd: /nowhere: No such file or directory\n[1]\n"),
        ("export 1x=2", "bash: export: `1x=2': not a valid identifier\n[1]\n"),
    ]);
}

#[test]
fn variables_are_expanded() {
    check_all(&[
        ("x=3; echo $x ${x}y \"$x\" '$x' \\$x", "3 3y 3 $x $x\n"),
        ("echo \"$HOME\" ~ ~/a \"~\" $USER", "/root /root /root/a ~ root\n"),
        ("x='a  b'; echo $x; echo \"$x\"", "a b\na  b\n"),
        ("x=; echo [$x] [\"$x\"] \"[$nope]\"", "[] [] []\n"),
        ("x=a; x+=b; echo $x", "ab\n"),
        ("x=1 y=2; echo $x$y", "12\n"),
        ("x=1 bash -c 'echo in $x'; echo out $x", "in 1\nout\n"),
        ("x=1; bash -c 'echo [$x]'; export x; bash -c 'echo [$x]'", "[]\n[1]\n"),
        ("export a=1 b='2 3'; bash -c 'echo $a $b'", "1 2 3\n"),
        ("do='--dry-run=client -o yaml'; set -- $do; echo $#", "3\n"),
        ("unset HOME; echo [$HOME]", "[]\n"),
        ("echo ${nope:-default} ${HOME:-x} ${nope-}", "default /root\n"),
        ("echo ${x:=set}; echo $x", "set\nset\n"),
        ("x=1; echo ${x:+yes} ${y:+yes}.", "yes .\n"),
        ("x=hello; echo ${#x} ${x:1:3} ${x: -2} ${x^^} ${x^}", "5 ell lo HELLO Hello\n"),
        (
            "f=/a/b/c.tar.gz; echo ${f##*/} ${f%/*} ${f%.gz} ${f%%.*} ${f#*/}",
            "c.tar.gz /a/b /a/b/c.tar /a/b/c a/b/c.tar.gz\n",
        ),
        ("x=a-b-c; echo ${x/-/_} ${x//-/_} ${x/#a/X} ${x/%c/X} ${x//-}", "a_b-c a_b_c X-b-c a-b-X abc\n"),
        ("name=HOME; echo ${!name}", "/root\n"),
        ("a=(x y z); echo ${a[1]} ${a[@]} ${#a[@]} ${a[-1]} $a", "y x y z 3 z x\n"),
        ("a=(1 2); a+=(3); a[5]=6; echo ${a[@]} ${!a[@]}", "1 2 3 6 0 1 2 5\n"),
        ("a=('x y' z); for i in \"${a[@]}\"; do echo [$i]; done", "[x y]\n[z]\n"),
        ("set -- a 'b c'; echo $# $1 \"$2\"; for i in \"$@\"; do echo [$i]; done", "2 a b c\n[a]\n[b c]\n"),
        ("set -- a b c; shift; echo $1 $*; shift 5; echo $?", "b b c\n1\n"),
        ("echo $((1 + 2 * 3)) $((x = 5)) $x $((x++)) $x", "7 5 5 5 6\n"),
        ("i=0; ((i+=2)); echo $i; ((0)); echo $?; let i=i*5; echo $i", "2\n1\n10\n"),
        ("echo $(echo a; echo b) \"$(echo a; echo b)\"", "a b a\nb\n"),
        ("echo `echo old` $(echo $(echo deep))", "old deep\n"),
        ("x=$(false); echo $?; x=$(echo hi) && echo $x", "1\nhi\n"),
        (
            "echo {a,b}c x{1..3} {3..1} {a..c} {01..03} {1..7..3} {x} a{,b}",
            "ac bc x1 x2 x3 3 2 1 a b c 01 02 03 1 4 7 {x} a ab\n",
        ),
        ("echo $'a\\tb' \"a\\tb\" $?", "a\tb a\\tb 0\n"),
        ("IFS=:; x=a:b::c; set -- $x; echo $#", "4\n"),
        ("echo $0 $$", "bash 2149\n"),
        ("x=5; unset x; echo ${x-unset}", "unset\n"),
        ("declare -i n=5; n+=3; echo $n", "8\n"),
        ("printf -v x '%03d' 7; echo $x", "007\n"),
    ]);
}

#[test]
fn paths_are_matched() {
    let files = &[("a.yaml", ""), ("b.yaml", ""), ("c.txt", ""), (".hidden", "")];
    check_with(
        files,
        &[
            ("echo *.yaml", "a.yaml b.yaml\n"),
            ("echo *", "a.yaml b.yaml c.txt\n"),
            ("echo [ac].*", "a.yaml c.txt\n"),
            ("echo ?.txt \"*.txt\" '*.txt' \\*.txt", "c.txt *.txt *.txt *.txt\n"),
            ("echo *.nope", "*.nope\n"),
            ("echo /roo*/*.txt ~/*.txt", "/root/c.txt /root/c.txt\n"),
            ("echo .h*", ".hidden\n"),
            ("x='*.txt'; echo $x \"$x\"", "c.txt *.txt\n"),
            ("set -f; echo *.txt", "*.txt\n"),
            ("shopt -s nullglob; echo x *.nope", "x\n"),
            ("for f in *.yaml; do echo \"${f%.yaml}\"; done", "a\nb\n"),
            ("mkdir d; touch d/x d/y; echo d/* */x", "d/x d/y d/x\n"),
        ],
    );
}

#[test]
fn loops_and_conditions_run() {
    check_all(&[
        ("for n in a b c; do echo $n; done", "a\nb\nc\n"),
        ("for n in $(seq 3); do printf '%s ' $n; done; echo", "1 2 3 \n"),
        ("for ((i=0; i<3; i++)); do echo $i; done", "0\n1\n2\n"),
        ("i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done", "0\n1\n2\n"),
        ("until [ \"$x\" = aaa ]; do x=a$x; done; echo $x", "aaa\n"),
        ("for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done", "1\n3\n"),
        ("for i in 1 2; do for j in a b; do [ $j = b ] && continue 2; echo $i$j; done; done", "1a\n2a\n"),
        ("while true; do while true; do break 2; done; echo no; done; echo out", "out\n"),
        ("if false; then echo a; elif true; then echo b; else echo c; fi", "b\n"),
        ("if false; then echo a; fi; echo $?", "0\n"),
        ("case pod.yaml in *.json) echo j;; *.yaml|*.yml) echo y;; *) echo n;; esac", "y\n"),
        ("case a in a) echo 1;& b) echo 2;; c) echo 3;; esac", "1\n2\n"),
        ("case x in (x) echo paren;; esac", "paren\n"),
        ("printf 'a 1\\nb 2\\n' | while read k v; do echo $v-$k; done", "1-a\n2-b\n"),
        ("while read -r l; do echo \"[$l]\"; done <<< ' a\\b '", "[a\\b]\n"),
        ("echo a:b:c | { IFS=: read x y; echo $y; }", "b:c\n"),
        ("echo x | while read y; do z=$y; done; echo [$z]", "[]\n"),
        ("for i in 1 2; do echo $i; done > f; cat f", "1\n2\n"),
        ("f() { echo $1 $#; return 3; }; f a b; echo $?", "a 2\n3\n"),
        ("f() { local x=in; echo $x; }; x=out; f; echo $x", "in\nout\n"),
        ("function g { echo g; }; g", "g\n"),
        ("f() { if [ $1 -gt 0 ]; then echo $1; f $(($1-1)); fi; }; f 3", "3\n2\n1\n"),
        ("f() { f; }; f; echo on", "bash: maximum function nesting level exceeded\n[1]\n"),
        ("set -e; true; false; echo no", "[1]\n"),
        ("set -e; if false; then :; fi; false || true; ! true; echo yes", "yes\n"),
        ("set -x; echo a 'b c'", "+ echo a 'b c'\na b c\n"),
        ("[[ abc == a* && ! -f nope ]] && echo yes", "yes\n"),
        ("[[ 'a b' =~ ^a(.)b$ ]] && echo \"[${BASH_REMATCH[1]}]\"", "[ ]\n"),
        ("[[ 5 -gt 3 || x < a ]]; echo $?; [[ -z $nope ]]; echo $?", "0\n0\n"),
        (
            "[ -f f ]; echo $?; touch f; [ -f f ] && [ -s f ]; echo $?; test -d /root && echo dir",
            "1\n1\ndir\n",
        ),
        ("[ a = b -o 1 -eq 1 ] && echo or; [ ! -e x -a 2 -ne 1 ] && echo and", "or\nand\n"),
        ("[ x -eq 1 ]; echo $?", "bash: [: x: integer expression expected\n2\n"),
        ("[ a", "bash: [: missing `]'\n[2]\n"),
        ("eval 'x=1; echo $x'", "1\n"),
        ("trap 'echo bye' EXIT; echo hi", "hi\nbye\n"),
    ]);
}

#[test]
fn output_goes_where_it_is_sent() {
    check_all(&[
        ("echo a > f; echo b >> f; cat f; cat < f", "a\nb\na\nb\n"),
        ("ls /nowhere 2>/dev/null; echo $?", "2\n"),
        (
            "ls /nowhere /tmp > both 2>&1; cat both",
            "ls: cannot access '/nowhere': No such file or directory\n/tmp:\n",
        ),
        ("ls /nowhere &> f; wc -l < f", "1\n"),
        ("ls /nowhere 2> f; cat f", "ls: cannot access '/nowhere': No such file or directory\n"),
        ("{ echo out; echo err >&2; } 2>&1 >/dev/null | cat", "err\n"),
        ("echo a | tee f g | cat; cat f g", "a\na\na\n"),
        ("echo b | tee -a f > /dev/null; echo c | tee -a f >/dev/null; cat f", "b\nc\n"),
        ("cat <<EOF\na $HOME\nEOF", "a /root\n"),
        ("cat <<'EOF'\na $HOME\nEOF\necho after", "a $HOME\nafter\n"),
        ("cat <<-EOF\n\ta\n\tEOF", "a\n"),
        ("cat <<A <<B\n1\nA\n2\nB", "2\n"),
        ("cat <<EOF > f && cat f\nx: $(echo 1)\n\\$y\nEOF", "x: 1\n$y\n"),
        (
            "cat <<EOF\nno end",
            "bash: warning: here-document at line 1 delimited by end-of-file (wanted `EOF')\nno end\n",
        ),
        ("wc -c <<< hello", "6\n"),
        ("diff <(echo a) <(echo b)", "1c1\n< a\n---\n> b\n[1]\n"),
        ("exec > f; echo hidden; exec > /dev/null; cat f > g", ""),
        (
            "set -C; echo a > f; echo b > f; echo b >| f; cat f",
            "bash: f: cannot overwrite existing file\nb\n",
        ),
        (
            "> empty; ls -s empty; wc -c empty",
            "ls: invalid option -- 's'\nTry 'ls --help' for more information.\n0 empty\n",
        ),
        ("echo x >&3", "bash: 3: Bad file descriptor\n[1]\n"),
        ("echo x 3>f >&3; cat f", "x\n"),
        ("echo a > /dev/null; echo b > /dev/stderr; cat /dev/null", "b\n"),
        ("yes | head -2", "y\ny\n"),
        ("while true; do echo x; done | head -n 1", "x\n"),
    ]);
}

#[test]
fn aliases_hold_from_the_next_line_on() {
    let mut desk = Desk::new();
    assert_eq!(
        desk.run("alias ll='ls -l' g=grep\nalias g\necho abc | g -o b\nunalias g\ng x"),
        "alias g='grep'\nb\nbash: g: command not found\n[127]\n"
    );
    assert_eq!(desk.run("alias e='echo ' h=hello\ne h"), "hello\n");
    assert_eq!(desk.run("alias echo='echo x'\necho y"), "x y\n");
    assert_eq!(desk.run("alias"), "alias k='kubectl'\n");
    assert_eq!(
        desk.run("type k ls cd; which kubectl nope; command -v k"),
        "k is aliased to `kubectl'\nls is /usr/bin/ls\ncd is a shell builtin\n/usr/local/bin/kubectl\nalias k='kubectl'\n"
    );
}

#[test]
fn scripts_are_run_and_sourced() {
    let script = "#!/bin/bash\necho \"$0 $1 $#\"\nx=changed\nexit 4\n";
    check_with(
        &[("s.sh", script), ("lib.sh", "greet() { echo hi $1; }\nx=sourced\n")],
        &[
            ("bash s.sh a b", "s.sh a 2\n[4]\n"),
            ("./s.sh", "bash: ./s.sh: Permission denied\n[126]\n"),
            ("chmod +x s.sh; ./s.sh z; echo $? [$x]", "./s.sh z 1\n4 []\n"),
            (". lib.sh; greet you; echo $x", "hi you\nsourced\n"),
            ("source nope.sh", "bash: nope.sh: No such file or directory\n[1]\n"),
            ("echo 'echo from stdin' | bash", "from stdin\n"),
            ("bash -c 'echo $0 $1' zero one", "zero one\n"),
            ("bash -ec 'false; echo no'; echo $?", "1\n"),
            (
                "printf 'nope\\n\\nnope2' > t.sh; bash t.sh",
                "t.sh: line 1: nope: command not found\nt.sh: line 3: nope2: command not found\n[127]\n",
            ),
            ("sh -c 'exit 5'", "[5]\n"),
            (
                "sudo whoami; sudo -i whoami; sudo X=1 bash -c 'echo $X'; sudo cd /",
                "root\nroot\n1\nsudo: cd: command not found\n[1]\n",
            ),
            ("env X=1 bash -c 'echo $X'; env | grep -c ^HOME=", "1\n1\n"),
            ("nohup echo a; nice -n 5 echo b; command echo c; exec echo d; echo no", "a\nb\nc\nd\n"),
        ],
    );
}

#[test]
fn what_does_not_end_does_not_stop_the_world() {
    let mut desk = Desk::new();
    let start = desk.now;
    let mut shell = Shell::line("while :; do :; done", None, Rc::default(), desk.now);
    let (_, code) = desk.finish(&mut shell);
    assert_eq!(code, None);
    assert!(desk.now >= start + Duration::from_secs(3_000), "time passes while it runs");
    shell.interrupt(&mut desk);
    assert_eq!(shell.exit_code(), Some(130));
    for line in
        [":(){ :|:& };:", "x=aaaaaaaa; while :; do x=$x$x; done", "seq 1000000 | wc -l", "echo {1..1000000}"]
    {
        desk.run(line);
    }
}

#[test]
fn endless_nesting_ends() {
    let mut desk = Desk::new();
    let line = "ssh worker-1 ".repeat(1000) + "ls";
    assert!(desk.run(&line).ends_with("]\n"));
    let line = (0..200).fold("echo x".to_owned(), |line, _| format!("bash -c '{line}'"));
    desk.run(&line);
    for unit in ["$(", "((", "{ ", "if ", "\"$(", "${x:-", "[[ ! ", "a=("] {
        desk.run(&unit.repeat(20_000));
    }
}

#[test]
fn a_clone_goes_its_own_way() {
    let mut desk = Desk::new();
    let mut shell = Shell::line("sleep 5; echo $((x+1)) | cat", None, Rc::default(), desk.now);
    shell.advance(&mut desk);
    let mut twin = shell.clone();
    desk.now += Duration::from_secs(5);
    assert_eq!(desk.finish(&mut shell), ("1\n".to_owned(), Some(0)));
    assert_eq!(twin.exit_code(), None);
    assert_eq!(desk.finish(&mut twin), ("1\n".to_owned(), Some(0)));
}
