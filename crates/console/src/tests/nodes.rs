//! What is done on a node.

use expect_test::expect;

use super::*;

const WEB: &str = "/etc/kubernetes/manifests/web.yaml";

#[test]
fn files_of_a_node_are_listed_and_read() {
    let mut desk = Desk::new();
    desk.check(
        "ssh worker-1 ls /etc/kubernetes/manifests",
        expect![[r#"
        web.yaml
    "#]],
    );
    desk.check(
        "ssh worker-1 sudo ls -la /etc/kubernetes/manifests /nowhere",
        expect![[r#"
            ls: cannot access '/nowhere': No such file or directory
            /etc/kubernetes/manifests:
            total 12
            drwxr-xr-x 2 root root 4096 Jan  1 00:00 .
            drwxr-xr-x 2 root root 4096 Jan  1 00:00 ..
            -rw-r--r-- 1 root root   23 Jan  1 00:00 web.yaml
            [2]
        "#]],
    );
    desk.check(
        &format!("ssh worker-1 cat {WEB} | grep image"),
        expect![[r#"
        image: web:1
    "#]],
    );
    desk.check(
        "ssh worker-1 cat /etc /nowhere",
        expect![[r#"
        cat: /etc: Is a directory
        cat: /nowhere: No such file or directory
        [1]
    "#]],
    );
}

#[test]
fn files_of_a_node_are_written_in_every_way_that_people_use() {
    let mut desk = Desk::new();
    let manifest = "kind: Pod\n  name: 'x'\n";
    for line in [
        "cat ds.yaml | ssh worker-1 sudo tee /tmp/a > /dev/null",
        "ssh worker-1 sudo tee /tmp/a < ds.yaml >/dev/null",
        "scp ds.yaml worker-1:/tmp/a",
        "ssh worker-1 'cat > /tmp/a' < ds.yaml",
        "ssh worker-1 'sudo tee /tmp/a >/dev/null' <<'EOF'\nkind: Pod\n  name: 'x'\nEOF\n",
        "ssh worker-1 'cat <<EOF > /tmp/a\nkind: Pod\n  name: '\"'\"'x'\"'\"'\nEOF'",
    ] {
        desk.run("ssh worker-1 rm -f /tmp/a");
        assert_eq!(desk.run_with(line, &[("ds.yaml", manifest)]), "", "{line}");
        assert_eq!(desk.run("ssh worker-1 cat /tmp/a"), manifest, "{line}");
    }
    desk.run("ssh worker-1 'echo one > /tmp/b && echo two >> /tmp/b'");
    assert_eq!(desk.run("ssh worker-1 cat /tmp/b"), "one\ntwo\n");
    assert_eq!(
        desk.run("ssh worker-1 'echo x > /nowhere/b'"),
        "bash: line 1: /nowhere/b: No such file or directory\n[1]\n"
    );
}

#[test]
fn files_of_a_node_are_moved_copied_and_removed() {
    let mut desk = Desk::new();
    assert_eq!(desk.run(&format!("ssh worker-1 sudo mv {WEB} /tmp")), "");
    assert_eq!(
        desk.run("ssh worker-1 ls /etc/kubernetes/manifests /tmp/web.yaml"),
        "/tmp/web.yaml\n\n/etc/kubernetes/manifests:\n"
    );
    assert_eq!(desk.run(&format!("ssh worker-1 sudo cp /tmp/web.yaml {WEB}")), "");
    assert_eq!(desk.run("ssh worker-1 sudo rm -r /tmp/*.yaml"), "");
    desk.check(
        "ssh worker-1 'rm /tmp/web.yaml; mv /a /b; cp /a /b; rmdir /etc; mkdir /x/y; mkdir /tmp; rm /etc'",
        expect![[r#"
        rm: cannot remove '/tmp/web.yaml': No such file or directory
        mv: cannot stat '/a': No such file or directory
        cp: cannot stat '/a': No such file or directory
        rmdir: failed to remove '/etc': Directory not empty
        mkdir: cannot create directory ‘/x/y’: No such file or directory
        mkdir: cannot create directory ‘/tmp’: File exists
        rm: cannot remove '/etc': Is a directory
        [1]
    "#]],
    );
    desk.run("ssh worker-1 'mkdir -p /a/b && touch /a/b/c && mv /a /tmp/z && cp -r /tmp/z /tmp/y'");
    assert_eq!(desk.run("ssh worker-1 find /tmp -type f"), "/tmp/y/b/c\n/tmp/z/b/c\n");
}

#[test]
fn files_of_a_node_are_edited_in_place() {
    let mut desk = Desk::new();
    assert_eq!(desk.run(&format!("ssh worker-1 \"sudo sed -i 's#web:1#web:2#' {WEB}\"")), "");
    assert_eq!(desk.run(&format!("ssh worker-1 cat {WEB}")), "kind: Pod\nimage: web:2\n");
    assert_eq!(desk.run(&format!("ssh worker-1 \"sed -n '/image/p' {WEB}\"")), "image: web:2\n");
    assert_eq!(desk.run(&format!("ssh worker-1 \"sed 1d {WEB}\"")), "image: web:2\n");
    assert_eq!(
        desk.run(&format!("ssh worker-1 sed 1데 {WEB}")),
        "sed: -e expression #1, char 2: unknown command: `데'\n[1]\n"
    );
    // On the person's own computer it is a filter.
    assert_eq!(desk.run("echo image: web:1 | sed s/web:1/web:2/"), "image: web:2\n");
    assert_eq!(desk.run("sed -n 1p x.yaml"), "sed: can't read x.yaml: No such file or directory\n[2]\n");
}

#[test]
fn the_kubelet_is_a_service() {
    let mut desk = Desk::new();
    desk.check(
        "ssh worker-1 systemctl status kubelet",
        expect![[r#"
        ● kubelet.service - kubelet: The Kubernetes Node Agent
             Loaded: loaded (/usr/lib/systemd/system/kubelet.service; enabled; preset: enabled)
             Active: active (running) since Thu 2026-01-01 00:00:00 UTC; 10min ago
               Docs: https://kubernetes.io/docs/
           Main PID: 812 (kubelet)

        Jan 01 00:00:01 worker-1 kubelet[812]: Starting kubelet
        Jan 01 00:08:20 worker-1 kubelet[812]: Could not process manifest file
    "#]],
    );
    assert_eq!(desk.run("ssh worker-1 sudo systemctl stop kubelet"), "");
    assert_eq!(desk.run("ssh worker-1 systemctl is-active kubelet"), "inactive\n[3]\n");
    assert_eq!(desk.run("ssh worker-1 sudo systemctl restart kubelet.service"), "");
    assert!(desk.kubelet.running);
    desk.check(
        "ssh worker-1 sudo journalctl -u kubelet -n 1 --no-pager",
        expect![[r#"
        Jan 01 00:08:20 worker-1 kubelet[812]: Could not process manifest file
    "#]],
    );
    desk.check(
        "ssh worker-1 systemctl start nginx",
        expect![[r#"
        Failed to start nginx.service: Unit nginx.service not found.
        [5]
    "#]],
    );
}

#[test]
fn cli_051_crictl_ps_shows_the_running_containers() {
    let mut desk = Desk::new();
    desk.check("ssh worker-1 sudo crictl ps", expect![[r#"
        CONTAINER           IMAGE               CREATED             STATE               NAME                ATTEMPT             POD ID              POD                 NAMESPACE
        bbbbbbbbbbbbb       1a2b1a2b1a2b1       8 minutes ago       Running             web                 1                   5e7f5e7f5e7f5       web-worker-1        default
    "#]]);
    desk.check("ssh worker-1 sudo crictl ps -a", expect![[r#"
        CONTAINER           IMAGE               CREATED             STATE               NAME                ATTEMPT             POD ID              POD                 NAMESPACE
        bbbbbbbbbbbbb       1a2b1a2b1a2b1       8 minutes ago       Running             web                 1                   5e7f5e7f5e7f5       web-worker-1        default
        aaaaaaaaaaaaa       1a2b1a2b1a2b1       9 minutes ago       Exited              web                 0                   5e7f5e7f5e7f5       web-worker-1        default
    "#]]);
    assert_eq!(desk.run("ssh worker-1 crictl ps -q --name '^we' --state running"), "bbbb".repeat(16) + "\n");
    assert_eq!(desk.run("ssh worker-1 crictl ps -q --label io.kubernetes.pod.name=other"), "");
}

#[test]
fn cli_052_crictl_pods_shows_the_sandboxes() {
    let mut desk = Desk::new();
    desk.check("ssh worker-1 sudo crictl pods", expect![[r#"
        POD ID              CREATED             STATE               NAME                NAMESPACE           ATTEMPT             RUNTIME
        5e7f5e7f5e7f5       9 minutes ago       Ready               web-worker-1        default             0                   (default)
    "#]]);
    assert_eq!(desk.run("ssh worker-1 sudo crictl stopp 5e7f"), "Stopped sandbox 5e7f\n");
    assert_eq!(desk.run("ssh worker-1 sudo crictl pods -s ready -q"), "");
    assert_eq!(desk.run("ssh worker-1 sudo crictl rmp 5e7f"), "Removed sandbox 5e7f\n");
}

/// cri-tools: cmd/crictl/sandbox.go, container.go, image.go: what `--output` and `--quiet` do to a list.
#[test]
fn cli_052_crictl_lists_are_printed_as_they_are_asked_for() {
    let mut desk = Desk::new();
    desk.check(
        "ssh worker-1 sudo crictl pods -o json",
        expect![[r#"
        {
          "items": [
            {
              "createdAt": "1767225660000000000",
              "id": "5e7f5e7f5e7f5e7f5e7f5e7f5e7f5e7f5e7f5e7f5e7f5e7f5e7f5e7f5e7f5e7f",
              "labels": {
                "app": "web",
                "io.kubernetes.pod.name": "web-worker-1",
                "io.kubernetes.pod.namespace": "default",
                "io.kubernetes.pod.uid": "u"
              },
              "metadata": {
                "attempt": 0,
                "name": "web-worker-1",
                "namespace": "default",
                "uid": "u"
              },
              "runtimeHandler": "",
              "state": "SANDBOX_READY"
            }
          ]
        }
    "#]],
    );
    desk.check(
        "ssh worker-1 sudo crictl pods -o yaml | head -3",
        expect![[r#"
        items:
        - createdAt: "1767225660000000000"
          id: 5e7f5e7f5e7f5e7f5e7f5e7f5e7f5e7f5e7f5e7f5e7f5e7f5e7f5e7f5e7f5e7f
    "#]],
    );
    desk.check(
        "ssh worker-1 sudo crictl ps -o yaml | head -3",
        expect![[r#"
        containers:
        - createdAt: "1767225690000000000"
          id: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
    "#]],
    );
    desk.check(
        "ssh worker-1 sudo crictl ps -o xml",
        expect![[r#"
        FATA[0000] unsupported output format "xml"
        [1]
    "#]],
    );
    desk.check(
        "ssh worker-1 sudo crictl images -q",
        expect![[r#"
        sha256:8698fb3f42799ef49f5144b503b03856af2bc790e3d688bc8e334e39e3632123
        sha256:d60a67ec7f7029f2f0c084dfecdbf965ad25d711ca60799e97a48e4e8b8fb0b3
        sha256:d60a67ec7f7029f2f0c084dfecdbf965ad25d711ca60799e97a48e4e8b8fb0b3
    "#]],
    );
    desk.check(
        "ssh worker-1 sudo crictl images pause",
        expect![[r#"
        IMAGE               TAG                 IMAGE ID            SIZE
    "#]],
    );
    desk.check(
        "ssh worker-1 sudo crictl images registry.k8s.io/pause",
        expect![[r#"
        IMAGE                   TAG                 IMAGE ID            SIZE
        registry.k8s.io/pause   3.10.2              8698fb3f42799       96.2MB
    "#]],
    );
    desk.check("ssh worker-1 sudo crictl images -o json | head -12", expect![[r#"
        {
          "images": [
            {
              "id": "sha256:8698fb3f42799ef49f5144b503b03856af2bc790e3d688bc8e334e39e3632123",
              "pinned": true,
              "repoDigests": [
                "registry.k8s.io/pause@sha256:8698fb3f42799ef49f5144b503b03856af2bc790e3d688bc8e334e39e3632123"
              ],
              "repoTags": [
                "registry.k8s.io/pause:3.10.2"
              ],
              "size": "96207755",
    "#]]);
}

#[test]
fn cli_053_ages_are_told_in_dockers_words() {
    let mut desk = Desk::new();
    let mut age = |seconds: u64| {
        desk.now = desk.sandboxes[0].created + Duration::from_secs(seconds);
        let text = desk.run("ssh worker-1 crictl pods");
        text.lines().nth(1).unwrap()[20..].split("   ").next().unwrap().to_owned()
    };
    for (seconds, expected) in [
        (0, "Less than a second ago"),
        (1, "1 second ago"),
        (59, "59 seconds ago"),
        (60, "About a minute ago"),
        (120, "2 minutes ago"),
        (3600, "About an hour ago"),
        (5400, "2 hours ago"),
        (3 * 86_400, "3 days ago"),
        (20 * 86_400, "2 weeks ago"),
    ] {
        assert_eq!(age(seconds), expected, "{seconds}");
    }
}

#[test]
fn cli_053_columns_are_twenty_wide_or_three_more_than_their_text_and_the_newest_comes_first() {
    let mut desk = Desk::new();
    let mut younger = desk.containers[1].clone();
    younger.id = "c0de".repeat(16);
    younger.name = "a-name-of-twenty-one-".to_owned();
    younger.image_id = format!("sha256:{}", "9f".repeat(32));
    younger.created += Duration::from_secs(60);
    desk.containers.push(younger);
    // Ids and the image's digest are cut to thirteen characters, the digest without its algorithm.
    desk.check("ssh worker-1 crictl ps", expect![[r#"
        CONTAINER           IMAGE               CREATED             STATE               NAME                    ATTEMPT             POD ID              POD                 NAMESPACE
        c0dec0dec0dec       9f9f9f9f9f9f9       7 minutes ago       Running             a-name-of-twenty-one-   1                   5e7f5e7f5e7f5       web-worker-1        default
        bbbbbbbbbbbbb       1a2b1a2b1a2b1       8 minutes ago       Running             web                     1                   5e7f5e7f5e7f5       web-worker-1        default
    "#]]);
    assert_eq!(desk.run("ssh worker-1 crictl ps -q").lines().map(str::len).collect::<Vec<_>>(), [64, 64]);
}

#[test]
fn cli_054_crictl_stops_containers_whatever_the_api_server_does() {
    let mut desk = Desk::new();
    let before = desk.now;
    assert_eq!(desk.run("ssh worker-1 sudo crictl stop --timeout 10 bbbb"), "bbbb\n");
    assert_eq!(desk.now, before + Duration::from_secs(10));
    assert_eq!(desk.run("ssh worker-1 sudo crictl ps -q"), "");
    assert_eq!(desk.run("ssh worker-1 sudo crictl rm bbbb"), "bbbb\n");
    desk.check(
        "ssh worker-1 sudo crictl stop cccc",
        expect![[r#"
        cccc
    "#]],
    );
}

#[test]
fn containers_are_found_and_killed_by_substitution() {
    let mut desk = Desk::new();
    let line = "ssh worker-1 'sudo kill -9 \"$(sudo crictl inspect -o go-template --template \"{{.info.pid}}\" $(crictl ps -q --name web))\"'";
    assert_eq!(desk.run(line), "");
    assert_eq!(desk.containers[1].exit_code, 137);
    assert_eq!(
        desk.run(line),
        "FATA[0000] ID cannot be empty\nbash: line 1: kill: () - No such process\n[1]\n"
    );
}

#[test]
fn unknown_and_dead_nodes_do_not_answer() {
    let mut desk = Desk::new();
    assert_eq!(
        desk.run("ssh worker-9 ls"),
        "ssh: Could not resolve hostname worker-9: Name or service not known\n[255]\n"
    );
    assert_eq!(
        desk.run("ssh worker-2 ls; echo $?after"),
        "ssh: connect to host worker-2 port 22: No route to host\n255after\n"
    );
}

#[test]
fn lines_are_joined_as_in_bash() {
    let mut desk = Desk::new();
    assert_eq!(desk.run("false && echo no || echo yes; echo end"), "yes\nend\n");
    assert_eq!(desk.run("echo -e 'b\\na' | sort | head -n 1"), "a\n");
    assert_eq!(desk.run("sleep 1.5s && echo done"), "done\n");
    assert_eq!(desk.now, Time::START + Duration::from_millis(601_500));
    assert_eq!(desk.run("frobnicate"), "bash: frobnicate: command not found\n[127]\n");
    assert_eq!(desk.run("ssh worker-1 frobnicate"), "bash: line 1: frobnicate: command not found\n[127]\n");
    assert_eq!(desk.run("echo 'a"), "bash: unexpected EOF while looking for matching `''\n[2]\n");
    assert_eq!(desk.run("ls /nowhere 2>/dev/null"), "[2]\n");
    assert_eq!(desk.run("frobnicate 2>&1 | grep -c found"), "1\n");
    assert_eq!(desk.run(""), "");
}

#[test]
fn endless_nesting_ends() {
    let mut desk = Desk::new();
    let line = "ssh worker-1 ".repeat(1000) + "ls";
    assert!(desk.run(&line).ends_with("]\n"));
    let line = (0..200).fold("echo x".to_owned(), |line, _| format!("bash -c '{line}'"));
    desk.run(&line);
}

#[test]
fn a_node_is_switched_off_from_within_and_on_from_outside() {
    for line in ["poweroff", "shutdown -h now", "systemctl poweroff", "halt -p"] {
        let mut desk = Desk::new();
        let told = desk.run(&format!("ssh worker-1 sudo {line}"));
        assert_eq!(told, "Connection to worker-1 closed by remote host.\n[255]\n", "{line}");
        assert_eq!(
            desk.run("ssh worker-1 ls"),
            "ssh: connect to host worker-1 port 22: No route to host\n[255]\n"
        );
    }
    let mut desk = Desk::new();
    assert_eq!(
        desk.run("ssh worker-1 sudo shutdown -r now"),
        "Connection to worker-1 closed by remote host.\n[255]\n"
    );
    assert!(desk.is_powered("worker-1"));
    assert_eq!(
        desk.run("ssh worker-1 sudo ip link set dev eth0 down"),
        "client_loop: send disconnect: Broken pipe\n[255]\n"
    );
    desk.check(
        "virsh domif-setlink worker-1 eth0 up",
        expect![[r#"
        Device updated successfully

    "#]],
    );
    desk.check(
        "virsh list --all",
        expect![[r#"
         Id   Name       State
        ----------------------------
         1    worker-1   running
         -    worker-2   shut off

    "#]],
    );
    desk.check(
        "virsh list",
        expect![[r#"
         Id   Name       State
        ----------------------------
         1    worker-1   running

    "#]],
    );
    desk.check(
        "virsh start worker-2",
        expect![[r#"
        Domain 'worker-2' started

    "#]],
    );
    desk.check(
        "virsh start worker-2",
        expect![[r#"
        error: Failed to start domain 'worker-2'
        error: Requested operation is not valid: domain is already running
        [1]
    "#]],
    );
    desk.check(
        "virsh start worker-9; virsh start; virsh jump worker-1; virsh domif-setlink worker-1 eth7 up",
        expect![[r#"
            error: failed to get domain 'worker-9'
            error: command 'start' requires <domain> option
            error: unknown command: 'jump'
            error: interface (eth7) not found
            [1]
        "#]],
    );
}

#[test]
fn what_a_shell_has_elsewhere_is_answered_with_a_sentence() {
    let mut desk = Desk::new();
    let mut said = String::new();
    for line in [
        "helm list",
        "curl localhost",
        "uptime",
        "ssh worker-1 docker ps",
        "ssh worker-1 top",
        "man ls",
        "frobnicate",
        "ssh worker-1 frobnicate",
    ] {
        said += &format!("$ {line}\n{}", desk.run(line));
    }
    expect![[r#"
        $ helm list
        (helm is not simulated: kubectl and the nodes' own tools are)
        [127]
        $ curl localhost
        (curl is not simulated: only what listens on the nodes can be asked, and from there: ssh NODE)
        [127]
        $ uptime
        (uptime is not simulated: it is on the nodes: ssh NODE)
        [127]
        $ ssh worker-1 docker ps
        (docker is not simulated: the runtime is containerd, and crictl talks to it)
        [127]
        $ ssh worker-1 top
        (top is not simulated: of a node's computer there are files, systemd, ip, the kubelet's journal and crictl)
        [127]
        $ man ls
        (man is not simulated: kubectl COMMAND --help and help say what is there)
        [127]
        $ frobnicate
        bash: frobnicate: command not found
        [127]
        $ ssh worker-1 frobnicate
        bash: line 1: frobnicate: command not found
        [127]
    "#]].assert_eq(&said);
}

/// cri-tools: cmd/crictl/container.go, stopContainerCommand, removeContainerCommand; sandbox.go.
#[test]
fn cli_054_crictl_stops_at_the_first_failure_and_removes_what_it_can() {
    let mut desk = Desk::new();
    let mut said = String::new();
    for line in [
        "crictl stop",
        "crictl stop --all aaaa",
        "crictl stop cccc aaaa",
        "crictl rm",
        "crictl rm cccc dddd",
        "crictl rm -f cccc aaaa",
        "crictl stopp cccc",
        "crictl rmp cccc",
        "crictl rmi nginx",
        "crictl frob",
        "crictl version",
    ] {
        said += &format!("$ {line}\n{}", desk.run(&format!("ssh worker-1 sudo {line}")));
    }
    expect![[r#"
        $ crictl stop
        you must specify at least one CONTAINER-ID or use --all
        [1]
        $ crictl stop --all aaaa
        cannot specify CONTAINER-ID(s) when using --all
        [1]
        $ crictl stop cccc aaaa
        cccc
        aaaa
        $ crictl rm
        FATA[0000] ID cannot be empty
        [1]
        $ crictl rm cccc dddd
        FATA[0000] [getting container status "cccc": rpc error: code = NotFound desc = an error occurred when try to find container "cccc": not found, getting container status "dddd": rpc error: code = NotFound desc = an error occurred when try to find container "dddd": not found]
        [1]
        $ crictl rm -f cccc aaaa
        aaaa
        FATA[0000] getting container status "cccc": rpc error: code = NotFound desc = an error occurred when try to find container "cccc": not found
        [1]
        $ crictl stopp cccc
        Stopped sandbox cccc
        $ crictl rmp cccc
        FATA[0000] getting sandbox status of pod "cccc": rpc error: code = NotFound desc = an error occurred when try to find sandbox "cccc": not found
        [1]
        $ crictl rmi nginx
        (crictl rmi is not simulated)
        [1]
        $ crictl frob
        No help topic for 'frob'
        [3]
        $ crictl version
        Version:  0.1.0
        RuntimeName:  containerd
        RuntimeVersion:  v2.2.1
        RuntimeApiVersion:  v1
    "#]].assert_eq(&said);
}

#[test]
fn a_nodes_processes_are_listed() {
    let mut desk = Desk::new();
    desk.check("ssh worker-1 ps aux | grep -v grep | grep -e kubelet -e web -e pause", expect![[r#"
        root         812  0.0  0.0      0     0 ?        Ss   00:00   0:00 /usr/bin/kubelet --config=/var/lib/kubelet/config.yaml
        root        4710  0.0  0.0      0     0 ?        Ss   00:01   0:00 /pause
        root        4711  0.0  0.0      0     0 ?        Ss   00:01   0:00 /web --port=80
    "#]]);
    desk.check("ssh worker-1 ps -ef | head -4", expect![[r#"
        UID          PID    PPID  C STIME TTY          TIME CMD
        root           1       0  0 00:00 ?        00:00:00 /sbin/init
        root         611       1  0 00:00 ?        00:00:00 /usr/bin/containerd
        root         702       1  0 00:00 ?        00:00:00 sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups
    "#]]);
    desk.check(
        "ssh worker-1 pgrep kubelet",
        expect![[r#"
        812
    "#]],
    );
    desk.check(
        "ssh worker-1 pgrep -a web",
        expect![[r#"
        4711 /web --port=80
    "#]],
    );
    desk.check(
        "ssh worker-1 pgrep etcd",
        expect![[r#"
        [1]
    "#]],
    );
    desk.check(
        "ssh worker-1 ps --forest",
        expect![[r#"
        (this form of ps is not simulated: ps aux, ps -ef, ps ax and ps -e are)
        [1]
    "#]],
    );
    // By hand: a golden text loses the space that the line begins with.
    let uptime = " 00:10:00 up 10 min,  1 user,  load average: 0.00, 0.00, 0.00\n";
    assert_eq!(desk.run("ssh worker-1 uptime"), uptime);
    desk.kubelet.running = false;
    desk.check(
        "ssh worker-1 pgrep kubelet",
        expect![[r#"
        [1]
    "#]],
    );
}

#[test]
fn what_listens_on_a_node_is_listed() {
    let mut desk = Desk::new();
    desk.check(
        "ssh worker-1 ss -lntp",
        expect![[r#"
        State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process
        LISTEN 0      4096                 *:22               *:* users:(("sshd",pid=702,fd=3))
        LISTEN 0      4096               *:6443               *:* users:(("kube-apiserver",pid=4711,fd=3))
        LISTEN 0      4096      127.0.0.1:10248         0.0.0.0:* users:(("kubelet",pid=4711,fd=3))
    "#]],
    );
    desk.check(
        "ssh worker-1 netstat -tlnp",
        expect![[r#"
        Active Internet connections (only servers)
        Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
        tcp6       0      0 :::22                   :::*                    LISTEN      702/sshd
        tcp6       0      0 :::6443                 :::*                    LISTEN      4711/kube-apiserver
        tcp        0      0 127.0.0.1:10248         0.0.0.0:*               LISTEN      4711/kubelet
    "#]],
    );
    desk.check(
        "ssh worker-1 ss -a",
        expect![[r#"
        (this form of ss is not simulated: ss -lntp is: no traffic flows here, but programs listen)
        [1]
    "#]],
    );
}

#[test]
fn curl_asks_what_listens_on_a_node() {
    let (mut desk, mut seen) = (Desk::new(), String::new());
    for line in [
        "curl -k https://localhost:6443/readyz",
        "curl -sk https://192.168.56.11:6443/livez",
        "curl https://localhost:6443/readyz",
        "curl localhost:6443/readyz",
        "curl -k https://localhost:6443/api",
        "curl http://127.0.0.1:10248/healthz",
        "curl http://worker-1:10248/healthz",
        "curl localhost:10250",
        "curl https://localhost:10248/healthz",
        "curl 10.244.1.2",
        "curl -k https://worker-2:6443/readyz",
        "curl -sk https://worker-2:6443/readyz",
        "curl -sSk https://worker-2:6443/readyz",
        "curl -X POST localhost:10248",
        "curl",
    ] {
        let said = desk.run(&format!("ssh worker-1 {line}"));
        seen += &format!("$ {line}\n{}\n", said.trim_end());
    }
    expect![[r#"
        $ curl -k https://localhost:6443/readyz
        ok
        $ curl -sk https://192.168.56.11:6443/livez
        ok
        $ curl https://localhost:6443/readyz
        curl: (60) SSL certificate problem: unable to get local issuer certificate
        More details here: https://curl.se/docs/sslcerts.html

        curl failed to verify the legitimacy of the server and therefore could not
        establish a secure connection to it. To learn more about this situation and
        how to fix it, please visit the web page mentioned above.
        [60]
        $ curl localhost:6443/readyz
        Client sent an HTTP request to an HTTPS server.
        $ curl -k https://localhost:6443/api
        {
          "kind": "Status",
          "apiVersion": "v1",
          "metadata": {},
          "status": "Failure",
          "message": "forbidden: User \"system:anonymous\" cannot get path \"/api\"",
          "reason": "Forbidden",
          "details": {},
          "code": 403
        }
        $ curl http://127.0.0.1:10248/healthz
        ok
        $ curl http://worker-1:10248/healthz
        curl: (7) Failed to connect to worker-1 port 10248 after 0 ms: Couldn't connect to server
        [7]
        $ curl localhost:10250
        curl: (7) Failed to connect to localhost port 10250 after 0 ms: Couldn't connect to server
        [7]
        $ curl https://localhost:10248/healthz
        curl: (35) error:0A00010B:SSL routines::wrong version number
        [35]
        $ curl 10.244.1.2
        (a connection to 10.244.1.2 is not simulated: no traffic flows here but to the nodes themselves)
        [6]
        $ curl -k https://worker-2:6443/readyz
        curl: (7) Failed to connect to worker-2 port 6443 after 3060 ms: Couldn't connect to server
        [7]
        $ curl -sk https://worker-2:6443/readyz
        [7]
        $ curl -sSk https://worker-2:6443/readyz
        curl: (7) Failed to connect to worker-2 port 6443 after 3060 ms: Couldn't connect to server
        [7]
        $ curl -X POST localhost:10248
        (curl -X is not simulated: curl -k URL is, for what listens on the nodes)
        [2]
        $ curl
        curl: (2) no URL specified
        curl: try 'curl --help' or 'curl --manual' for more information
        [2]
    "#]]
    .assert_eq(&seen);
}
