//! What the labels of a namespace do to its pods.

use super::person::Person;

const PLAIN: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  namespace: safe\nspec:\n  containers:\n  - name: c\n    image: nginx:1.27\n";

#[test]
fn a_namespace_that_enforces_a_level_refuses_pods_and_those_of_controllers_too() {
    let mut person = Person::new();
    person.run("kubectl create ns safe");
    person.run("kubectl label ns safe pod-security.kubernetes.io/enforce=restricted");
    let said = person.apply(PLAIN);
    let begin = "Error from server (Forbidden): error when creating \"it.yaml\": pods \"web\" is forbidden: violates PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false (container \"c\" must set";
    assert!(said.starts_with(begin), "{said}");
    person.run("kubectl create deployment front --image=nginx:1.27 -n safe");
    person.wait(5);
    assert_eq!(person.run("kubectl get pods -n safe"), "No resources found in safe namespace.\n");
    let events = person.run("kubectl get events -n safe");
    assert!(
        events.contains("FailedCreate") && events.contains("is forbidden: violates PodSecurity"),
        "{events}"
    );
    person.run("kubectl label ns safe pod-security.kubernetes.io/enforce=baseline --overwrite");
    assert_eq!(person.apply(PLAIN), "pod/web created\n");
}

#[test]
fn a_namespace_that_warns_takes_the_pod() {
    let mut person = Person::new();
    person.run("kubectl create ns safe");
    person.run("kubectl label ns safe pod-security.kubernetes.io/warn=restricted pod-security.kubernetes.io/warn-version=v1.30");
    let said = person.apply(PLAIN);
    assert!(said.starts_with("Warning: would violate PodSecurity \"restricted:v1.30\": allowPriv"), "{said}");
    assert!(said.ends_with("pod/web created\n"), "{said}");
    let said = person.run("kubectl create deployment front --image=nginx:1.27 -n safe");
    assert!(said.starts_with("Warning: would violate PodSecurity"), "{said}");
}
