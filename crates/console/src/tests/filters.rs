//! Programs that look at text.

use super::*;

const PODS: &str = "NAME   READY   STATUS    RESTARTS   AGE
web-1   1/1    Running   0          5m
web-2   0/1    Pending   0          5m
db-1    1/1    Running   12         2d
";

const YAML: &str = "apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: nginx:1.27
  - name: side
    image: busybox:1
";

#[test]
fn grep_finds_what_it_is_told() {
    check_with(
        &[("pods", PODS), ("pod.yaml", YAML), ("other", "nginx here\nNGINX\n")],
        &[
            ("grep Running pods | wc -l", "2\n"),
            ("grep -c Running pods; grep -vc Running pods", "2\n2\n"),
            ("grep -n image pod.yaml", "8:    image: nginx:1.27\n10:    image: busybox:1\n"),
            ("grep -i nginx other", "nginx here\nNGINX\n"),
            ("grep nginx pod.yaml other", "pod.yaml:    image: nginx:1.27\nother:nginx here\n"),
            ("grep -h nginx pod.yaml other", "    image: nginx:1.27\nnginx here\n"),
            ("grep -l nginx pod.yaml other pods; grep -L nginx pod.yaml pods", "pod.yaml\nother\npods\n"),
            ("grep -H -c nginx other; grep -c nginx pod.yaml other", "other:1\npod.yaml:1\nother:1\n"),
            ("grep -o 'nginx:[0-9.]*' pod.yaml", "nginx:1.27\n"),
            ("grep -E '^(kind|spec):' pod.yaml", "kind: Pod\nspec:\n"),
            ("grep 'kind\\|spec' pod.yaml", "kind: Pod\nspec:\n"),
            ("grep -w web pod.yaml; grep -x 'kind: Pod' pod.yaml", "  name: web\n  - name: web\nkind: Pod\n"),
            (
                "grep -A1 metadata pod.yaml; grep -B1 side pod.yaml | head -1",
                "metadata:\n  name: web\n    image: nginx:1.27\n",
            ),
            (
                "grep -A1 name: pod.yaml",
                "  name: web\nspec:\n--\n  - name: web\n    image: nginx:1.27\n  - name: side\n    image: busybox:1\n",
            ),
            ("grep -n -C1 spec pod.yaml", "4-  name: web\n5:spec:\n6-  containers:\n"),
            ("grep -e kind -e spec pod.yaml", "kind: Pod\nspec:\n"),
            ("grep -F '1.27' pod.yaml; grep -m1 name pod.yaml", "    image: nginx:1.27\n  name: web\n"),
            ("grep -q nginx pod.yaml && echo yes; grep -q nope pod.yaml || echo no", "yes\nno\n"),
            ("grep nope pods; echo $?", "1\n"),
            (
                "grep x nowhere; echo $?; grep -s x nowhere; echo $?",
                "grep: nowhere: No such file or directory\n2\n2\n",
            ),
            (
                "mkdir d; cp pod.yaml d; grep -r nginx . | sort",
                "./d/pod.yaml:    image: nginx:1.27\n./other:nginx here\n./pod.yaml:    image: nginx:1.27\n",
            ),
            (
                "mkdir d; cp pod.yaml d; grep -rl nginx d; grep -rn kind --include='*.yaml' d",
                "d/pod.yaml\nd/pod.yaml:2:kind: Pod\n",
            ),
            ("mkdir d; grep x d", "grep: d: Is a directory\n[2]\n"),
            ("cat pods | grep web | grep -v Pending", "web-1   1/1    Running   0          5m\n"),
            (
                "egrep 'web-(1|2)' pods | wc -l; grep -P '\\d+d' pods",
                "2\ndb-1    1/1    Running   12         2d\n",
            ),
            ("grep '[' pods", "grep: Unmatched [, [^, [:, [., or [=\n[2]\n"),
            ("grep '\\(a\\)\\1' pods", "grep: back-references in patterns are not simulated\n[2]\n"),
            ("grep -Z x pods", "grep: invalid option -- 'Z'\nTry 'grep --help' for more information.\n[2]\n"),
            (
                "grep",
                "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n[2]\n",
            ),
            ("echo 'a(b)' | grep '(b)'; echo a | grep -c .", "a(b)\n1\n"),
        ],
    );
}

#[test]
fn sed_edits_as_gnus_does() {
    check_with(
        &[("pod.yaml", YAML), ("n", "1\n2\n3\n4\n5\n")],
        &[
            ("sed 's/nginx:1.27/nginx:1.28/' pod.yaml | grep image: | head -1", "    image: nginx:1.28\n"),
            (
                "echo aaa | sed 's/a/b/'; echo aaa | sed 's/a/b/g'; echo aaa | sed 's/a/b/2'",
                "baa\nbbb\naba\n",
            ),
            ("echo aaa | sed 's/a/b/2g'; echo AbC | sed 's/b/x/I'", "abb\nAxC\n"),
            ("echo path/to | sed 's#/#_#g; s|_|-|'", "path-to\n"),
            (
                "echo 'a b' | sed -E 's/(.) (.)/\\2 \\1/'; echo 'a b' | sed 's/\\(.\\) \\(.\\)/\\2 \\1/'",
                "b a\nb a\n",
            ),
            ("echo hello | sed 's/l/[&]/g; s/^./\\U&/'", "He[l][l]o\n"),
            ("sed -n '2p' n; sed -n '2,3p' n; sed -n '$p' n", "2\n2\n3\n5\n"),
            ("sed '2d' n | tr '\\n' ' '; sed '2,4d' n; sed '$d' n | tail -1", "1 3 4 5 1\n5\n4\n"),
            ("sed -n '/3/,$p' n; sed -n '2,/4/p' n | wc -l; sed -n '2,+1p' n", "3\n4\n5\n3\n2\n3\n"),
            ("sed -n '1~2p' n; sed '/3/!d' n; sed -n '0~2p' n", "1\n3\n5\n3\n2\n4\n"),
            ("sed -n 's/3/x/p' n; sed '3q' n | tail -1; sed -n '/2/{p;q}' n", "x\n3\n2\n"),
            (
                "sed '2a\\  new' n | head -3; sed '1i first' n | head -1; sed '2c two' n | sed -n 2p",
                "1\n2\n  new\nfirst\ntwo\n",
            ),
            ("sed '/spec:/a\\  hostNetwork: true' pod.yaml | sed -n 6p", "  hostNetwork: true\n"),
            ("sed 's/^spec:/spec:\\n  priority: 1/' pod.yaml | sed -n 6p", "  priority: 1\n"),
            (
                "sed -i 's/web/api/; /busybox/d' pod.yaml && grep -c 'name: api' pod.yaml && grep -c busybox pod.yaml",
                "2\n0\n[1]\n",
            ),
            ("sed -i.bak 1d n; head -1 n n.bak", "==> n <==\n2\n\n==> n.bak <==\n1\n"),
            ("sed -n '/kind/p;/spec/p' pod.yaml; sed -e 1d -e 2d n | head -1", "kind: Pod\nspec:\n3\n"),
            ("sed = n | head -2; sed y/12/ab/ n | head -2; sed -n '$=' n", "1\n1\na\nb\n5\n"),
            (
                "sed ':a;N;$!ba;s/\\n/,/g' n; sed -n '1!G;h;$p' n | head -1; sed 'N;P;D' n | wc -l",
                "1,2,3,4,5\n5\n5\n",
            ),
            ("sed '1!{s/^/x/}' n | head -2; sed '/1/,/3/{/2/d}' n | head -2", "1\nx2\n1\n3\n"),
            ("printf 'no newline' | sed s/no/a/; echo; echo 'a  # c' | sed 's/ *#.*//'", "a newline\na\n"),
            ("sed s/a/ n", "sed: -e expression #1, char 4: unterminated `s' command\n[1]\n"),
            ("sed k n", "sed: -e expression #1, char 1: unknown command: `k'\n[1]\n"),
            ("sed 's/a/b/k' n", "sed: -e expression #1, char 7: unknown option to `s'\n[1]\n"),
            ("sed -n 1p nope n", "sed: can't read nope: No such file or directory\n1\n[2]\n"),
            ("sed 'w f' n", "sed: the command w is not simulated\n[1]\n"),
            ("sed", "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n[1]\n"),
            ("sed ':a;ba' n", "sed: the script does not come to an end on this line\n[1]\n"),
            ("sed -i s/1/9/ nope", "sed: can't read nope: No such file or directory\n[2]\n"),
            (
                "sed --frob n",
                "sed: unrecognized option '--frob'\nTry 'sed --help' for more information.\n[1]\n",
            ),
        ],
    );
}

#[test]
fn awk_runs_its_programs() {
    check_with(
        &[("pods", PODS), ("csv", "a,1\nb,2\na,3\n")],
        &[
            ("awk '{print $1}' pods", "NAME\nweb-1\nweb-2\ndb-1\n"),
            ("awk 'NR>1 {print $1, $3}' pods", "web-1 Running\nweb-2 Pending\ndb-1 Running\n"),
            ("awk '$3 == \"Running\"' pods | wc -l; awk '/web/ {n++} END {print n}' pods", "2\n2\n"),
            ("awk -F, '{s[$1]+=$2} END {for (k in s) print k, s[k]}' csv", "a 4\nb 2\n"),
            ("awk -F, -v OFS=- '{print $2,$1}' csv", "1-a\n2-b\n3-a\n"),
            ("awk 'BEGIN {print 1/4, 10/2, 2^10, 7%3, -3}'", "0.25 5 1024 1 -3\n"),
            ("awk '{print NF, $NF, $(NF-1)}' pods | head -1", "5 AGE RESTARTS\n"),
            ("awk '{printf \"%-6s|%3d\\n\", $1, NR}' pods | head -2", "NAME  |  1\nweb-1 |  2\n"),
            (
                "awk 'BEGIN {print length(\"abc\"), substr(\"hello\",2,3), index(\"abc\",\"c\"), toupper(\"x\")}'",
                "3 ell 3 X\n",
            ),
            ("awk 'BEGIN {n=split(\"a:b:c\",p,\":\"); print n, p[1], p[3]}'", "3 a c\n"),
            (
                "echo aXbX | awk '{gsub(/X/,\"-\"); print; n=sub(\"a\",\"&&\"); print n, $0}'",
                "a-b-\n1 aa-b-\n",
            ),
            ("awk 'NR==2,NR==3 {print $1}' pods; awk 'NR==2{exit} {print $1}' pods", "web-1\nweb-2\nNAME\n"),
            ("awk '$4 > 5 {print $1; next} {c++} END {print c+0}' pods", "NAME\ndb-1\n2\n"),
            ("awk 'BEGIN {for (i=0;i<3;i++) {if (i==1) continue; printf \"%d \", i}; print \"\"}'", "0 2 \n"),
            ("awk 'function f(x) {return x*2} BEGIN {print f(4)}'", "8\n"),
            ("awk '{$2=\"x\"; print}' csv | head -1; awk '!seen[$0]++' csv | wc -l", "a,1 x\n3\n"),
            ("awk '$1 ~ /^web/ && $3 !~ /Pend/ {print $1}' pods", "web-1\n"),
            ("awk -v n=web-2 '$1==n{print $3}' pods; awk 'END{print NR, $1}' pods", "Pending\n4 db-1\n"),
            ("awk 'BEGIN { while (i < 3) { i++ } do i++; while (i < 6); print i }'", "6\n"),
            (
                "awk '{ print ($3==\"Running\") ? \"up\" : \"down\" }' pods | tail -1; awk 1 csv | head -1",
                "up\na,1\n",
            ),
            (
                "awk 'BEGIN{if(!(\"x\" in a)) print \"no\"; a[\"x\"]; if(\"x\" in a) print \"yes\"; delete a[\"x\"]; print length(a)}'",
                "no\nyes\n0\n",
            ),
            (
                "awk 'BEGIN { getline x; \"date\" | getline y }'",
                "awk: getline is not simulated: the input is what is piped in\n[2]\n",
            ),
            (
                "awk '{print > \"f\"}' csv",
                "awk: pipes and output to files are not simulated: redirect awk itself\n[2]\n",
            ),
            ("awk '{print' csv", "awk: syntax error: unexpected end of program\n[2]\n"),
            ("awk 'BEGIN{while(1);}'", "awk: the program does not come to an end\n[2]\n"),
            ("awk '{print}' nope", "awk: cannot open \"nope\" (No such file or directory)\n[2]\n"),
            ("awk 'BEGIN{exit 3}'", "[3]\n"),
            ("echo '5 apples' | awk '{print $1+1, $2+1, $1\"0\"+1}'", "6 1 51\n"),
            ("echo 'a b c' | awk '{NF=2; print; $5=\"e\"; print; print NF}'", "a b\na b   e\n5\n"),
            ("awk 'BEGIN { printf \"%5.2f|%x|%c|%s\\n\", 3.14159, 255, 65, 1e3 }'", " 3.14|ff|A|1000\n"),
            (
                "awk 'BEGIN { print substr(\"hello\", 0, 3) substr(\"x\", 5), match(\"foobar\", /o+/), RSTART, RLENGTH }'",
                "he 2 2 2\n",
            ),
        ],
    );
}

#[test]
fn columns_and_lines_are_picked_and_sorted() {
    check_with(
        &[("pods", PODS), ("n", "10\n9\n2\n10\n"), ("csv", "b,2\na,10\nc,1\n")],
        &[
            ("cut -d, -f1 csv; cut -c1-3 pods | head -1; cut -d, -f2- csv | head -1", "b\na\nc\nNAM\n2\n"),
            (
                "echo a:b:c | cut -d: -f1,3; echo abc | cut -c2-; echo a:b | cut -d: --output-delimiter=- -f1-2",
                "a:c\nbc\na-b\n",
            ),
            (
                "cut csv",
                "cut: you must specify a list of bytes, characters, or fields\nTry 'cut --help' for more information.\n[1]\n",
            ),
            (
                "echo hello | tr a-z A-Z; echo 'a  b' | tr -s ' '; echo a1b2 | tr -d 0-9; echo a,b | tr , '\\n'",
                "HELLO\na b\nab\na\nb\n",
            ),
            ("echo abc | tr -cd 'ab\\n'; echo hi | tr '[:lower:]' '[:upper:]'", "ab\nHI\n"),
            (
                "sort n; sort -n n; sort -rn n | head -1; sort -nu n",
                "10\n10\n2\n9\n2\n9\n10\n10\n10\n2\n9\n10\n",
            ),
            (
                "sort -t, -k2 -n csv; sort -t, -k1,1r csv | head -1; sort -k4 -n pods | tail -1",
                "c,1\nb,2\na,10\nc,1\ndb-1    1/1    Running   12         2d\n",
            ),
            (
                "printf 'v1.10\\nv1.9\\n' | sort -V; printf '1K\\n2\\n1M\\n' | sort -h",
                "v1.9\nv1.10\n2\n1K\n1M\n",
            ),
            (
                "sort n | uniq; sort n | uniq -c; sort n | uniq -d",
                "10\n2\n9\n      2 10\n      1 2\n      1 9\n10\n",
            ),
            (
                "head -2 n; head -n -1 n; tail -1 n; tail -n +3 n; head -c 3 n; tail -c 3 n",
                "10\n9\n10\n9\n2\n10\n2\n10\n10\n10\n",
            ),
            (
                "wc n; wc -l n csv; cat n | wc; cat n | wc -w",
                " 4  4 10 n\n 4 n\n 3 csv\n 7 total\n      4       4      10\n4\n",
            ),
            (
                "seq 2; seq 2 4; seq 1 2 5; seq 3 -1 1; seq -w 9 10; seq -s, 3",
                "1\n2\n2\n3\n4\n1\n3\n5\n3\n2\n1\n09\n10\n1,2,3\n",
            ),
            (
                "seq 0.5 0.5 1.5; seq x",
                "0.5\n1.0\n1.5\nseq: invalid floating point argument: ‘x’\nTry 'seq --help' for more information.\n[1]\n",
            ),
            (
                "echo -n secret | base64; echo c2VjcmV0 | base64 -d; echo; echo '!' | base64 -d",
                "c2VjcmV0\nsecret\nbase64: invalid input\n[1]\n",
            ),
            (
                r"printf '\377\x80a' | base64; printf %b '\0377' | wc -c; echo -ne '\xe2\x82\xac'; echo $'\303\274'",
                "/4Bh\n1\n€ü\n",
            ),
            (
                "seq 3 | tac; echo abc | rev; seq 2 | nl; seq 4 | paste -sd,; seq 4 | paste - -",
                "3\n2\n1\ncba\n     1\t1\n     2\t2\n1,2,3,4\n1\t2\n3\t4\n",
            ),
            (
                "printf 'a bb c\\naaa b c\\n' | column -t; echo abcdef | fold -w 4",
                "a    bb  c\naaa  b   c\nabcd\nef\n",
            ),
            (
                "seq 3 | xargs; seq 3 | xargs -n1 echo x; echo a b | xargs -I{} echo [{}]",
                "1 2 3\nx 1\nx 2\nx 3\n[a b]\n",
            ),
            (
                "printf 'a b\\0c' | xargs -0 -n1 echo; true | xargs -r echo no; echo x | xargs -t echo",
                "a b\nc\necho x\nx\n",
            ),
            (
                "printf '%s\\n' a b; printf '%d-%s|' 1 x 2 y; echo; printf '%05.1f %x %c %%\\n' 3.14159 255 xyz",
                "a\nb\n1-x|2-y|\n003.1 ff x %\n",
            ),
            (
                "printf '%-5s|%5s|\\n' ab cd; printf 'a\\tb\\n'; printf %q 'a b'; printf '%d\\n' x",
                "ab   |   cd|\na\tb\na\\ bbash: printf: x: invalid number\n0\n[1]\n",
            ),
            ("echo -e 'a\\tb\\x41'; echo -n x; echo -E 'a\\n'; echo -x", "a\tbA\nxa\\n\n-x\n"),
            ("expr 2 + 3 \\* 4; expr length abc; expr a : '\\(.\\)'; echo '2*3+1' | bc", "14\n3\na\n7\n"),
            (
                "date; date +%F; date -u +%H:%M; date --set x",
                "Thu Jan  1 00:10:00 UTC 2026\n2026-01-01\n00:10\ndate: of its options only -u, -I, -R and +FORMAT are simulated: the time itself cannot be set\n[1]\n",
            ),
            ("whoami; hostname; id -u; uname; tty; pwd", "root\ndesktop\n0\nLinux\nnot a tty\n/root\n"),
            ("md5sum n", "(a checksum is not simulated: compare files with diff or cmp)\n[1]\n"),
            ("mapfile -t a < n; echo ${#a[@]} ${a[1]}", "4 9\n"),
        ],
    );
}

#[test]
fn jq_runs_its_filters() {
    let list = r#"{"items":[
      {"metadata":{"name":"web-1","labels":{"app":"web"}},"spec":{"nodeName":"n1","containers":[{"name":"c","image":"nginx:1"}]},"status":{"phase":"Running"}},
      {"metadata":{"name":"db","labels":null},"spec":{"nodeName":"n2","containers":[{"name":"d","image":"pg"},{"name":"e","image":"x"}]},"status":{"phase":"Pending"}}
    ]}"#;
    check_with(
        &[("l.json", list), ("o", "{\"b\":1,\"a\":[1,{\"c\":null}]}")],
        &[
            ("jq . o", "{\n  \"b\": 1,\n  \"a\": [\n    1,\n    {\n      \"c\": null\n    }\n  ]\n}\n"),
            (
                "jq -c . o; jq -S -c . o; echo '[]{}' | jq .",
                "{\"b\":1,\"a\":[1,{\"c\":null}]}\n{\"a\":[1,{\"c\":null}],\"b\":1}\n[]\n{}\n",
            ),
            (
                "jq '.items[].metadata.name' l.json; jq -r '.items[0].spec.nodeName' l.json",
                "\"web-1\"\n\"db\"\nn1\n",
            ),
            ("jq -r '.items[] | select(.status.phase==\"Running\") | .metadata.name' l.json", "web-1\n"),
            (
                "jq -r '.items[] | \"\\(.metadata.name) on \\(.spec.nodeName)\"' l.json",
                "web-1 on n1\ndb on n2\n",
            ),
            (
                "jq '.items | length' l.json; jq '[.items[].spec.containers[].image]' -c l.json",
                "2\n[\"nginx:1\",\"pg\",\"x\"]\n",
            ),
            (
                "jq -c '.items | map({name: .metadata.name, n: (.spec.containers|length)})' l.json",
                "[{\"name\":\"web-1\",\"n\":1},{\"name\":\"db\",\"n\":2}]\n",
            ),
            (
                "jq -r '.items[] | [.metadata.name, .status.phase] | @tsv' l.json; jq -r '.items[0]|[.metadata.name,1]|@csv' l.json",
                "web-1\tRunning\ndb\tPending\n\"web-1\",1\n",
            ),
            (
                "jq -c '.items | sort_by(.metadata.name) | .[0].metadata.name, (.[-1:]|length)' l.json",
                "\"db\"\n1\n",
            ),
            (
                "jq -c 'keys, (.a|type), has(\"b\"), .nope, .nope?.x, (.b // 5), (.z // 5)' o",
                "[\"a\",\"b\"]\n\"array\"\ntrue\nnull\nnull\n1\n5\n",
            ),
            (
                "jq -c 'to_entries, with_entries(.value |= tostring), del(.a), (.b += 1 | .b)' o",
                "[{\"key\":\"b\",\"value\":1},{\"key\":\"a\",\"value\":[1,{\"c\":null}]}]\n{\"b\":\"1\",\"a\":\"[1,{\\\"c\\\":null}]\"}\n{\"b\":1}\n2\n",
            ),
            (
                "jq -nc '[range(5)] | map(. * 2) | add, (.[1:3]), any(. > 6), (map(select(. % 4 == 0)))'",
                "20\n[2,4]\ntrue\n[0,4,8]\n",
            ),
            ("jq -n '1 + 2 * 3 - 4 / 2, (5 % 3), -(2), 1.5 + 1, 1e3, 10 / 4'", "5\n2\n-2\n2.5\n1000\n2.5\n"),
            (
                "jq -nr '\"a,b\" | split(\",\") | join(\"-\"), (.[0] | ascii_upcase), test(\"x\")?' ",
                "a-b\nA\n",
            ),
            (
                "jq -nr '\"web-1\" | test(\"^web\"), sub(\"-.*\";\"\"), (capture(\"(?<n>[0-9]+)\")|.n), (match(\"e\")|.offset), ltrimstr(\"web-\")'",
                "true\nweb\n1\n1\n1\n",
            ),
            (
                "jq -n 'if 1 > 2 then \"a\" elif true then \"b\" else \"c\" end, (try error(\"x\") catch .), ([1,2]|first,last)'",
                "\"b\"\n\"x\"\n1\n2\n",
            ),
            (
                "jq -nc 'reduce (1,2,3) as $x (0; . + $x), [foreach (1,2) as $x (0; .+$x)], (def f(g): g*2; f(4)), ([limit(2; 5,6,7)])'",
                "6\n[1,3]\n8\n[5,6]\n",
            ),
            (
                "jq -nc '[[3,1],[2]] | flatten, (flatten|sort), (map(add)), ([.[][]]|max), (flatten|unique|length)'",
                "[3,1,2]\n[1,2,3]\n[4,2]\n3\n3\n",
            ),
            (
                "jq -c 'group_by(.k) | map({k: .[0].k, n: length})' <<< '[{\"k\":1},{\"k\":2},{\"k\":1}]'",
                "[{\"k\":1,\"n\":2},{\"k\":2,\"n\":1}]\n",
            ),
            (
                "jq -nr --arg n x --argjson j '{\"a\":1}' '$n, $j.a, $ENV.USER, env.HOME'",
                "x\n1\nroot\n/root\n",
            ),
            (
                "jq -c '.. | numbers' o; jq -c 'paths' o; jq -c '.a[1].c = 5 | .d.e |= 3' o",
                "1\n1\n[\"b\"]\n[\"a\"]\n[\"a\",0]\n[\"a\",1]\n[\"a\",1,\"c\"]\n{\"b\":1,\"a\":[1,{\"c\":5}],\"d\":{\"e\":3}}\n",
            ),
            (
                "echo '1 2 3' | jq -s add; seq 2 | jq -c '[.]'; printf 'a\\nb' | jq -R .; jq -j '.b,.b' o",
                "6\n[1]\n[2]\n\"a\"\n\"b\"\n11",
            ),
            (
                "echo '{\"p\":\"czNjcmV0\"}' | jq -r '.p | @base64d, (\"x\"|@base64), @json, ([1,\"a b\"]|@sh)'",
                "s3cret\neA==\n\"czNjcmV0\"\n1 'a b'\n",
            ),
            (
                "jq '.b.c' o; echo $?; jq -e .nope o; echo $?",
                "jq: error (at <stdin>:0): Cannot index number with \"c\"\n5\nnull\n1\n",
            ),
            (
                "jq '.[' o; echo $?; jq nope o; echo $?; jq '$x' o; echo $?",
                "jq: error: syntax error, unexpected end of file at <top-level>, line 1\njq: 1 compile error\n3\njq: error: nope/0 is not defined at <top-level>, line 1\njq: 1 compile error\n3\njq: error: $x is not defined at <top-level>, line 1\njq: 1 compile error\n3\n",
            ),
            ("echo '{a' | jq .; echo $?", "jq: parse error: key must be a string at line 1 column 2\n2\n"),
            (
                "jq . nope; jq",
                "jq: nope: No such file or directory\nUsage:\tjq [OPTIONS] FILTER [FILES...]\n\tjq [OPTIONS] -n FILTER\n[2]\n",
            ),
            (
                "jq -n 'def f: f; f'; jq -n '[repeat(1)]'",
                "jq: error (at <stdin>:0): f calls itself without end\njq: error: repeat/1 is not defined at <top-level>, line 1\njq: 1 compile error\n[3]\n",
            ),
            (
                "jq -n 'last(range(1e9))'",
                "jq: error (at <stdin>:0): the filter does not come to an end\n[5]\n",
            ),
            (
                "jq -c '{b, \"x\": .a[0], (\"k\"): 1, \"a b\"}' o; jq -nc '{a:1} + {b:2} * {b:3}, ([1,2]-[1])'",
                "{\"b\":1,\"x\":1,\"k\":1,\"a b\":null}\n{\"a\":1,\"b\":3}\n[2]\n",
            ),
            (
                "jq -nc '[1,[2]] | . as [$a,[$b]] | $a+$b, ({\"x\":1} as {x:$v} | $v), (label $out | 1, break $out, 2)'",
                "3\n1\n1\n",
            ),
        ],
    );
}
