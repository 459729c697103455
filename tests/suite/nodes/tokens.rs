//! `kubeadm token` on a node of a cluster that is up.

use expect_test::expect;

use super::super::sessions::standard;
use super::{exec, seconds};

/// With `TOKEN` in place of what chance has drawn.
fn without_chance(text: &str, token: &str) -> String {
    text.replace(token, "TOKEN")
}

#[test]
fn a_token_is_a_secret_that_is_listed_and_deleted() {
    let mut stage = standard();
    let token = exec(&mut stage, "ssh control-plane kubeadm token create --ttl 2h").trim().to_owned();
    assert_eq!(token.len(), 23, "{token}");
    let list = exec(&mut stage, "ssh control-plane kubeadm token list");
    expect![[r#"
        TOKEN                     TTL         EXPIRES                USAGES                   DESCRIPTION                                                EXTRA GROUPS
        TOKEN   1h          2026-01-01T02:02:00Z   authentication,signing   <none>                                                     system:bootstrappers:kubeadm:default-node-token
    "#]].assert_eq(&without_chance(&list, &token));
    let id = &token[..6];
    let secret = format!(
        "kubectl get secret -n kube-system bootstrap-token-{id} -o jsonpath='{{.type}} {{.data.expiration}}'"
    );
    expect!["bootstrap.kubernetes.io/token MjAyNi0wMS0wMVQwMjowMjowMFo="]
        .assert_eq(&exec(&mut stage, &secret));
    expect![[r#"
        bootstrap token "ID" deleted
    "#]]
    .assert_eq(
        &exec(&mut stage, &format!("ssh control-plane kubeadm token delete {token}")).replace(id, "ID"),
    );
    expect![""].assert_eq(&exec(&mut stage, "ssh control-plane kubeadm token list"));
}

#[test]
fn a_token_with_a_known_id_is_refused() {
    let mut stage = standard();
    let create = "ssh control-plane kubeadm token create abcdef.0123456789abcdef --print-join-command";
    expect![[r#"
        kubeadm join 192.168.56.10:6443 --token abcdef.0123456789abcdef --discovery-token-ca-cert-hash sha256:69455477b135bf0fd5245912c568267a8808330a7c952e500253eb263ad1cf1a 
    "#]].assert_eq(&exec(&mut stage, create));
    seconds(&mut stage, 1);
    expect![[r#"
        error: a token with id "abcdef" already exists
        To see the stack trace of this error execute with --v=5 or higher
    "#]]
    .assert_eq(&exec(&mut stage, create));
}
