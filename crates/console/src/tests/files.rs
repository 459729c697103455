//! Files of the person's own computer.

use super::*;

#[test]
fn files_are_listed() {
    let files = &[("a.yaml", "x\n"), ("b", "0123456789"), (".h", "")];
    check_with(
        files,
        &[
            ("ls", "a.yaml\nb\n"),
            ("ls -a", ".\n..\n.h\na.yaml\nb\n"),
            ("ls -A1", ".h\na.yaml\nb\n"),
            (
                "ls -l",
                "total 8\n-rw-r--r-- 1 root root  2 Jan  1 00:10 a.yaml\n-rw-r--r-- 1 root root 10 Jan  1 00:10 b\n",
            ),
            ("ls -lh b", "-rw-r--r-- 1 root root 10 Jan  1 00:10 b\n"),
            ("ls -r; ls -S", "b\na.yaml\nb\na.yaml\n"),
            ("ls nope a.yaml; echo $?", "ls: cannot access 'nope': No such file or directory\na.yaml\n2\n"),
            ("ls -d .; ls -ld /tmp", ".\ndrwxr-xr-x 2 root root 4096 Jan  1 00:00 /tmp\n"),
            ("mkdir -p d/e; touch d/f; ls -R d", "d:\ne\nf\n\nd/e:\n"),
            ("mkdir d; ls d a.yaml", "a.yaml\n\nd:\n"),
            ("ls -F; ls -p", "a.yaml\nb\na.yaml\nb\n"),
            ("ls -Q", "ls: invalid option -- 'Q'\nTry 'ls --help' for more information.\n[2]\n"),
            ("find . -name '*.yaml'", "./a.yaml\n"),
            ("mkdir d; touch d/x; find . -type d; find d -type f -o -name b", ".\n./d\nd/x\n"),
            ("find . -maxdepth 1 -type f ! -name '.*' | sort", "./a.yaml\n./b\n"),
            ("find . -name a.yaml -exec cat {} \\;", "x\n"),
            ("find . -type f -exec echo {} +", "./.h ./a.yaml ./b\n"),
            ("find . -name b -delete; ls", "a.yaml\n"),
            ("find nope", "find: ‘nope’: No such file or directory\n[1]\n"),
            ("find . -frob", "find: unknown predicate `-frob'\n[1]\n"),
            ("stat -c '%n %s %a' b; du -sh .", "b 10 644\n12K\t.\n"),
            ("mkdir d; touch d/x; tree", ".\n├── a.yaml\n├── b\n└── d\n    └── x\n\n1 directory, 3 files\n"),
        ],
    );
}

#[test]
fn files_are_copied_moved_and_removed() {
    check_with(
        &[("a", "1\n"), ("b", "2\n")],
        &[
            ("cp a c; cat c", "1\n"),
            ("cp a b /tmp; ls /tmp", "a\nb\n"),
            (
                "cp a nope/; cp nope c; cp a a",
                "cp: cannot create regular file 'nope/': Not a directory\ncp: cannot stat 'nope': No such file or directory\ncp: 'a' and 'a' are the same file\n[1]\n",
            ),
            ("mkdir d; cp -r d e; cp d f", "cp: -r not specified; omitting directory 'd'\n[1]\n"),
            ("mkdir d; cp a d; cp -r d e; ls e", "a\n"),
            ("cp -v a c", "'a' -> 'c'\n"),
            ("mv a c; ls; mv nope x", "b\nc\nmv: cannot stat 'nope': No such file or directory\n[1]\n"),
            ("mkdir d; mv a b d; ls d; mv d /tmp/e; ls /tmp/e", "a\nb\na\nb\n"),
            ("mv a b nodir", "mv: target 'nodir': No such file or directory\n[1]\n"),
            ("rm a; rm a; rm -f a; ls", "rm: cannot remove 'a': No such file or directory\nb\n"),
            (
                "mkdir d; rm d; rm -rf d; rmdir d",
                "rm: cannot remove 'd': Is a directory\nrmdir: failed to remove 'd': No such file or directory\n[1]\n",
            ),
            (
                "mkdir -p x/y; rmdir x; mkdir x; mkdir p/q",
                "rmdir: failed to remove 'x': Directory not empty\nmkdir: cannot create directory ‘x’: File exists\nmkdir: cannot create directory ‘p/q’: No such file or directory\n[1]\n",
            ),
            ("touch n; wc -c n; touch a; cat a", "0 n\n1\n"),
            ("rm", "rm: missing operand\nTry 'rm --help' for more information.\n[1]\n"),
            (
                "chmod 600 a; ls -l a; chmod u+x,go= a; stat -c %a a; chmod q a",
                "-rw------- 1 root root 2 Jan  1 00:10 a\n700\nchmod: invalid mode: ‘q’\nTry 'chmod --help' for more information.\n[1]\n",
            ),
            ("basename /a/b.yaml .yaml; dirname /a/b; realpath ../tmp", "b\n/a\n/tmp\n"),
            (
                "cat a b nope; echo x | cat - a; cat -n a",
                "1\n2\ncat: nope: No such file or directory\nx\n1\n     1\t1\n",
            ),
            ("cat /", "cat: /: Is a directory\n[1]\n"),
            ("ln -s a c", "ln: links cannot be made on the simulated disks: copy the file with cp\n[1]\n"),
        ],
    );
}

#[test]
fn files_go_from_one_computer_to_another() {
    let mut desk = Desk::new();
    let web = "/etc/kubernetes/manifests/web.yaml";
    assert_eq!(desk.run(&format!("scp worker-1:{web} . && cat web.yaml")), "kind: Pod\nimage: web:1\n");
    assert_eq!(
        desk.run("sed -i s/web:1/web:2/ web.yaml; scp web.yaml root@worker-1:/etc/kubernetes/manifests/"),
        ""
    );
    assert_eq!(desk.run(&format!("ssh worker-1 grep image {web}")), "image: web:2\n");
    assert_eq!(
        desk.run("scp nope worker-1:/tmp"),
        "scp: stat local \"nope\": No such file or directory\n[1]\n"
    );
    assert_eq!(desk.run("scp worker-1:/nope ."), "scp: /nope: No such file or directory\n[1]\n");
    assert_eq!(
        desk.run("scp web.yaml worker-1:/no/where"),
        "scp: dest open \"/no/where\": No such file or directory\n[1]\n"
    );
    assert_eq!(
        desk.run("scp web.yaml worker-2:/tmp"),
        "ssh: connect to host worker-2 port 22: No route to host\nscp: Connection closed\n[255]\n"
    );
    assert_eq!(
        desk.run("scp -r worker-1:/etc/kubernetes /tmp; find /tmp -type f"),
        "/tmp/kubernetes/manifests/web.yaml\n"
    );
    assert_eq!(desk.run(&format!("ssh worker-1 cat {web} > copy; wc -l < copy")), "2\n");
    assert_eq!(
        desk.run("ssh worker-1 <<EOF\nhostname\npwd\nEOF"),
        "Pseudo-terminal will not be allocated because stdin is not a terminal.\nworker-1\n/root\n"
    );
    assert_eq!(desk.run("ssh 192.168.56.11 hostname"), "worker-1\n");
}

#[test]
fn texts_are_compared() {
    check_with(
        &[("a", "1\n2\n3\n4\n5\n6\n7\n"), ("b", "1\n2\nX\n4\n5\n6\n7\n8\n")],
        &[
            ("diff a a; echo $?", "0\n"),
            ("diff a b", "3c3\n< 3\n---\n> X\n7a8\n> 8\n[1]\n"),
            ("diff -u a b | tail -n +3", "@@ -1,7 +1,8 @@\n 1\n 2\n-3\n+X\n 4\n 5\n 6\n 7\n+8\n"),
            ("diff -U0 a b | tail -n +3", "@@ -3 +3 @@\n-3\n+X\n@@ -7,0 +8 @@\n+8\n"),
            (
                "diff -q a b; cmp a b; cmp -s a a && echo same",
                "Files a and b differ\na b differ: byte 5, line 3\nsame\n",
            ),
            ("head -1 a | diff - a | head -1", "1a2,7\n"),
            ("diff a nope", "diff: nope: No such file or directory\n[2]\n"),
            (
                "comm -12 a <(head -3 a) | wc -l; comm -13 a <(seq 8); comm <(seq 2) <(seq 2 3)",
                "3\n8\n1\n\t\t2\n\t3\n",
            ),
        ],
    );
}
