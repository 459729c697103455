//! Terminals: what lasts from line to line, sessions on nodes, what is typed for a running command.

use expect_test::expect;

use super::*;

#[test]
fn a_terminal_keeps_its_state_from_line_to_line() {
    let mut desk = Desk::new();
    expect![[r#"
        root@desktop:~# x=1; export do="--dry-run=client -o yaml"
        root@desktop:~# echo $x $do
        1 --dry-run=client -o yaml
        root@desktop:~# cd /tmp
        root@desktop:/tmp# pwd; cd -
        /tmp
        /root
        root@desktop:~# false
        root@desktop:~# echo $?
        1
        root@desktop:~# f() { echo f; }; alias g=f
        root@desktop:~# g
        f
        root@desktop:~# history 2
            8  g
            9  history 2
    "#]]
    .assert_eq(&desk.session(&[
        "x=1; export do=\"--dry-run=client -o yaml\"",
        "echo $x $do",
        "cd /tmp",
        "pwd; cd -",
        "false",
        "echo $?",
        "f() { echo f; }; alias g=f",
        "g",
        "history 2",
    ]));
}

#[test]
fn a_session_on_a_node_lasts_until_exit() {
    let mut desk = Desk::new();
    expect![[r#"
        root@desktop:~# x=desk
        root@desktop:~# ssh worker-1; echo back $x $?
        root@worker-1:~# hostname; echo [$x]; x=node
        worker-1
        []
        root@worker-1:~# cd /etc/kubernetes/manifests; ls
        web.yaml
        root@worker-1:/etc/kubernetes/manifests# sudo -i
        root@worker-1:~# exit
        logout
        root@worker-1:/etc/kubernetes/manifests# exit 3
        logout
        Connection to worker-1 closed.
        back desk 3
        root@desktop:~# ssh worker-9
        ssh: Could not resolve hostname worker-9: Name or service not known
        root@desktop:~# exit
        logout
        root@desktop:~# echo [$x]
        []
    "#]]
    .assert_eq(&desk.session(&[
        "x=desk",
        "ssh worker-1; echo back $x $?",
        "hostname; echo [$x]; x=node",
        "cd /etc/kubernetes/manifests; ls",
        "sudo -i",
        "exit",
        "exit 3",
        "ssh worker-9",
        "exit",
        "echo [$x]",
    ]));
}

#[test]
fn a_session_ends_with_its_node() {
    let mut desk = Desk::new();
    expect![[r#"
        root@desktop:~# ssh worker-1
        root@worker-1:~# sudo poweroff; echo no
        Connection to worker-1 closed by remote host.
        no
        Connection to worker-1 closed.
        root@desktop:~# echo $?
        255
    "#]]
    .assert_eq(&desk.session(&["ssh worker-1", "sudo poweroff; echo no", "echo $?"]));
    let mut desk = Desk::new();
    let mut shell = Shell::terminal(Rc::default(), desk.now);
    desk.finish(&mut shell);
    shell.enter("ssh worker-1");
    desk.finish(&mut shell);
    desk.unreachable.push("worker-1".to_owned());
    shell.enter("ls");
    let (text, _) = desk.finish(&mut shell);
    assert_eq!(text, "client_loop: send disconnect: Broken pipe\nConnection to worker-1 closed.\n");
    assert_eq!(shell.prompt().unwrap().host, "desktop");
}

#[test]
fn what_is_typed_goes_to_the_command_that_reads() {
    let mut desk = Desk::new();
    let mut shell = Shell::terminal(Rc::default(), desk.now);
    desk.finish(&mut shell);
    shell.enter("cat > f; wc -l < f");
    desk.finish(&mut shell);
    assert!(shell.reads_terminal() && !shell.at_prompt());
    shell.type_text("one\n");
    shell.type_text("two\n");
    desk.finish(&mut shell);
    shell.type_end();
    assert_eq!(desk.finish(&mut shell).0, "2\n");
    assert!(shell.at_prompt());
    shell.enter("read -p 'name? ' n; echo hi $n");
    assert_eq!(desk.finish(&mut shell).0, "name? ");
    shell.type_text("you\n");
    assert_eq!(desk.finish(&mut shell).0, "hi you\n");
}

#[test]
fn ctrl_c_ends_what_runs_and_leaves_the_shell() {
    let mut desk = Desk::new();
    let mut shell = Shell::terminal(Rc::default(), desk.now);
    desk.finish(&mut shell);
    shell.enter("x=1; sleep 100000; echo no");
    desk.finish(&mut shell);
    assert!(!shell.at_prompt());
    shell.interrupt(&mut desk);
    assert_eq!(desk.finish(&mut shell).0, "^C\n");
    assert_eq!((shell.status(), shell.at_prompt()), (130, true));
    shell.enter("echo $x $?");
    assert_eq!(desk.finish(&mut shell).0, "1 130\n");
    // On a node, the session stays.
    shell.enter("ssh worker-1");
    desk.finish(&mut shell);
    shell.enter("journalctl -u kubelet -f | grep -c x; echo no");
    desk.finish(&mut shell);
    shell.interrupt(&mut desk);
    desk.finish(&mut shell);
    assert_eq!(shell.prompt().unwrap().text(), "root@worker-1:~# ");
}

#[test]
fn an_editor_is_asked_for_and_its_text_is_saved() {
    let mut desk = Desk::new();
    let mut shell = Shell::terminal(Rc::default(), desk.now);
    desk.finish(&mut shell);
    shell.enter("vi pod.yaml; cat pod.yaml; nano pod.yaml; echo $?");
    desk.finish(&mut shell);
    assert_eq!(shell.editing().map(|edit| edit.path.as_str()), Some("/root/pod.yaml"));
    shell.edited(desk.now, Edited::Saved(b"kind: Pod\n".as_slice().into()));
    assert_eq!(desk.finish(&mut shell).0, "kind: Pod\n");
    assert_eq!(shell.editing().map(|edit| &*edit.text), Some(b"kind: Pod\n".as_slice()));
    shell.edited(desk.now, Edited::NoEditor);
    expect![[r#"
        (nano has no screen here: edit with sed -i, or write the file with cat > pod.yaml <<EOF)
        1
    "#]]
    .assert_eq(&desk.finish(&mut shell).0);
}

#[test]
fn lines_that_could_go_on_are_told_apart() {
    let shell = Shell::terminal(Rc::default(), Time::START);
    for text in [
        "for i in a b",
        "for i in a; do",
        "echo 'a",
        "cat <<EOF",
        "cat <<EOF\nx",
        "a |",
        "a &&",
        "a \\",
        "if true; then echo",
        "f() {",
        "x=(a",
        "echo $(ls",
    ] {
        assert!(shell.is_incomplete(text), "{text}");
    }
    for text in
        ["echo a", "for i in a; do echo; done", "cat <<EOF\nx\nEOF", "echo \\\\", ")", "done", "", "a;; b"]
    {
        assert!(!shell.is_incomplete(text), "{text}");
    }
}

#[test]
fn watch_and_timeout_run_other_commands() {
    let mut desk = Desk::new();
    assert_eq!(desk.run("timeout 5 sleep 100; echo $?; timeout 5 false; echo $?"), "124\n1\n");
    let mut shell = Shell::line("timeout 5 watch -n 2 -t 'date +%S'", None, Rc::default(), desk.now);
    let (text, code) = desk.finish(&mut shell);
    assert_eq!((text.as_str(), code), ("05\n07\n09\n", Some(124)));
    assert_eq!(
        desk.run("timeout x true"),
        "timeout: invalid time interval ‘x’\nTry 'timeout --help' for more information.\n[125]\n"
    );
    assert_eq!(
        desk.run("tail -f nowhere"),
        "tail: cannot open 'nowhere' for reading: No such file or directory\ntail: no files remaining\n[1]\n"
    );
    assert_eq!(desk.run("echo a > f; (sleep 3; echo b >> f) & timeout 6 tail -f f"), "a\nb\n[124]\n");
}
