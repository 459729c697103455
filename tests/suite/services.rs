//! Services: addresses, ports and the pods behind them.

use super::person::Person;

fn behind(person: &mut Person) -> usize {
    let text =
        person.run("kubectl get endpoints web -o jsonpath='{.subsets[*].addresses[*].ip}' 2>/dev/null");
    text.split_whitespace().count()
}

#[test]
fn a_service_has_an_address_and_the_ready_pods_that_it_selects() {
    let mut person = Person::new();
    person.run("kubectl create deployment web --image=nginx:1.27 --replicas=2");
    assert_eq!(person.run("kubectl expose deployment web --port=80"), "service/web exposed\n");
    let ip = person.run("kubectl get svc web -o jsonpath='{.spec.clusterIP}'");
    assert!(ip.starts_with("10."), "{ip}");
    person.wait(15);
    assert_eq!(behind(&mut person), 2);
    let line = "kubectl get endpointslices -l kubernetes.io/service-name=web -o jsonpath='{.items[*].endpoints[*].conditions.ready} {.items[*].ports[0].port}'";
    assert_eq!(person.run(line), "true true 80");
    person.run("kubectl scale deploy web --replicas=0");
    person.wait(15);
    assert_eq!(behind(&mut person), 0);
    assert_eq!(
        person.run("kubectl get endpointslices -l kubernetes.io/service-name=web -o name").lines().count(),
        1
    );
    person.run("kubectl delete svc web");
    person.wait(10);
    assert_eq!(person.run("kubectl get endpointslices -l kubernetes.io/service-name=web -o name"), "");
    assert_eq!(
        person.run("kubectl get endpoints -o name"),
        "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n\
         endpoints/kubernetes\n"
    );
}

#[test]
fn node_ports_are_given_out_once_and_stay() {
    let mut person = Person::new();
    person.run("kubectl create deployment web --image=nginx:1.27");
    person.run("kubectl expose deployment web --port=80 --type=NodePort");
    let port =
        |person: &mut Person| person.run("kubectl get svc web -o jsonpath='{.spec.ports[0].nodePort}'");
    let given = port(&mut person);
    assert!((30_000..=32_767).contains(&given.parse::<u32>().unwrap()), "{given}");
    person.run("kubectl label svc web a=b");
    assert_eq!(port(&mut person), given);
    let other = format!(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: other\nspec:\n  type: NodePort\n  ports:\n  - port: 80\n    nodePort: {given}\n"
    );
    let said = person.apply(&other);
    let why = format!("spec.ports[0].nodePort: Invalid value: {given}: provided port is already allocated");
    assert!(said.contains(&why), "{said}");
}
