//! What `kubectl create`, `run` and `expose` make from flags.

use super::*;
use expect_test::expect;

#[test]
fn what_is_made_from_flags_looks_as_upstreams() {
    let mut t = Terminal::new();
    t.file("a.conf", "x: 1\n");
    t.file("b.bin", "\u{0}ok");
    t.check(
&[
            "create ns a --dry-run=client -o yaml",
            "create sa a --dry-run=client -o yaml",
            "create cm a --from-literal=b=c --from-file=a.conf --from-file=k=a.conf --dry-run=client -o yaml",
            "create secret generic a --from-literal=b=c --type=x/y --dry-run=client -o yaml",
            "create deployment a --image=nginx --image=busybox:1 --replicas=2 --port=80 --dry-run=client -o yaml",
            "create deployment a --image=reg.io/x/nginx@sha256:1 -n foo --dry-run=client -o yaml -- sleep 1",
            "create pc a --value=5 --global-default --description=hi --preemption-policy=Never --dry-run=client -o yaml",
            "run a --image=nginx --dry-run=client -o yaml",
        ],
        expect![[r#"
            $ create ns a --dry-run=client -o yaml
            apiVersion: v1
            kind: Namespace
            metadata:
              name: a
            spec: {}
            status: {}
            $ create sa a --dry-run=client -o yaml
            apiVersion: v1
            kind: ServiceAccount
            metadata:
              name: a
            $ create cm a --from-literal=b=c --from-file=a.conf --from-file=k=a.conf --dry-run=client -o yaml
            apiVersion: v1
            data:
              a.conf: |
                x: 1
              b: c
              k: |
                x: 1
            kind: ConfigMap
            metadata:
              name: a
            $ create secret generic a --from-literal=b=c --type=x/y --dry-run=client -o yaml
            apiVersion: v1
            data:
              b: Yw==
            kind: Secret
            metadata:
              name: a
            type: x/y
            $ create deployment a --image=nginx --image=busybox:1 --replicas=2 --port=80 --dry-run=client -o yaml
            apiVersion: apps/v1
            kind: Deployment
            metadata:
              labels:
                app: a
              name: a
            spec:
              replicas: 2
              selector:
                matchLabels:
                  app: a
              strategy: {}
              template:
                metadata:
                  labels:
                    app: a
                spec:
                  containers:
                  - image: nginx
                    name: nginx
                    ports:
                    - containerPort: 80
                    resources: {}
                  - image: busybox:1
                    name: busybox
                    resources: {}
            status: {}
            $ create deployment a --image=reg.io/x/nginx@sha256:1 -n foo --dry-run=client -o yaml -- sleep 1
            apiVersion: apps/v1
            kind: Deployment
            metadata:
              labels:
                app: a
              name: a
              namespace: foo
            spec:
              replicas: 1
              selector:
                matchLabels:
                  app: a
              strategy: {}
              template:
                metadata:
                  labels:
                    app: a
                spec:
                  containers:
                  - command:
                    - sleep
                    - "1"
                    image: reg.io/x/nginx@sha256:1
                    name: nginx
                    resources: {}
            status: {}
            $ create pc a --value=5 --global-default --description=hi --preemption-policy=Never --dry-run=client -o yaml
            apiVersion: scheduling.k8s.io/v1
            description: hi
            globalDefault: true
            kind: PriorityClass
            metadata:
              name: a
            preemptionPolicy: Never
            value: 5
            $ run a --image=nginx --dry-run=client -o yaml
            apiVersion: v1
            kind: Pod
            metadata:
              labels:
                run: a
              name: a
            spec:
              containers:
              - image: nginx
                name: a
                resources: {}
              dnsPolicy: ClusterFirst
              restartPolicy: Always
            status: {}
        "#]],
    );
}

#[test]
fn what_is_made_from_flags_is_created() {
    let mut t = Terminal::new();
    t.check(
        &[
            "create sa a",
            "create sa a",
            "create cm a --from-literal=b=c",
            "create cm a",
            "create secret generic a --from-literal=b=c",
            "create secret generic a",
            "create priorityclass high --value=1000",
            "create pc high",
            "create deployment a --image=nginx",
            "create ns default",
            "create cm a -n nowhere",
        ],
        expect![[r#"
            $ create sa a
            serviceaccount/a created
            $ create sa a
            error: failed to create serviceaccount: serviceaccounts "a" already exists
            [1]
            $ create cm a --from-literal=b=c
            configmap/a created
            $ create cm a
            error: failed to create configmap: configmaps "a" already exists
            [1]
            $ create secret generic a --from-literal=b=c
            secret/a created
            $ create secret generic a
            error: failed to create secret secrets "a" already exists
            [1]
            $ create priorityclass high --value=1000
            priorityclass.scheduling.k8s.io/high created
            $ create pc high
            error: failed to create priorityclass: priorityclasses.scheduling.k8s.io "high" already exists
            [1]
            $ create deployment a --image=nginx
            deployment.apps/a created
            $ create ns default
            Error from server (AlreadyExists): namespaces "default" already exists
            [1]
            $ create cm a -n nowhere
            error: failed to create configmap: namespaces "nowhere" not found
            [1]
        "#]],
    );
    assert_eq!(t.get(Kind::of("v1", "Secret").unwrap(), "default", "a")["data"]["b"], "Yw==");
}

#[test]
fn a_service_exposes_pods_by_their_labels_and_ports() {
    let mut t = Terminal::new();
    t.make(AGENT);
    t.run("run web --image=web:1 --port=8080");
    t.run("run bare --image=web:1");
    t.run("create deployment front --image=web:1");
    t.check(
&[
            "expose pod web",
            "expose pod web",
            "expose pod bare",
            "expose deploy front --port=80,443 --target-port=http --name=both --dry-run=client -o yaml",
            "expose svc web --name=web-udp --protocol=UDP --cluster-ip=None --selector=a=b -o jsonpath={.spec}",
            "expose deploy front --port=x",
            "expose deploy front --port=80 --session-affinity=Some",
            "expose deploy front --port=80 --selector=a",
            "expose ds/agent --port=80",
            "expose node worker-1",
            "expose pods --port=80",
            "expose",
            "autoscale ds/agent --max=3",
            "autoscale ds/agent",
            "autoscale ds/agent --max=1 --min=2",
            "autoscale deploy front --max=3",
            "edit ds nosuch",
            "edit ds agent",
        ],
        expect![[r#"
            $ expose pod web
            service/web exposed
            $ expose pod web
            Error from server (AlreadyExists): services "web" already exists
            [1]
            $ expose pod bare
            error: couldn't find port via --port flag or introspection
            [1]
            $ expose deploy front --port=80,443 --target-port=http --name=both --dry-run=client -o yaml
            apiVersion: v1
            kind: Service
            metadata:
              labels:
                app: front
              name: both
            spec:
              ports:
              - name: port-1
                port: 80
                protocol: TCP
                targetPort: http
              - name: port-2
                port: 443
                protocol: TCP
                targetPort: http
              selector:
                app: front
            status:
              loadBalancer: {}
            $ expose svc web --name=web-udp --protocol=UDP --cluster-ip=None --selector=a=b -o jsonpath={.spec}
            {"clusterIP":"None","clusterIPs":["None"],"internalTrafficPolicy":"Cluster","ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","ports":[{"port":8080,"protocol":"UDP","targetPort":8080}],"selector":{"a":"b"},"sessionAffinity":"None","type":"ClusterIP"}$ expose deploy front --port=x
            error: strconv.Atoi: parsing "x": invalid syntax
            [1]
            $ expose deploy front --port=80 --session-affinity=Some
            error: unknown session affinity: Some
            [1]
            $ expose deploy front --port=80 --selector=a
            error: unexpected label spec: a
            [1]
            $ expose ds/agent --port=80
            error: cannot expose a DaemonSet.apps
            [1]
            $ expose node worker-1
            Error from server (NotFound): nodes "worker-1" not found
            [1]
            $ expose pods --port=80
            error: resource(s) were provided, but no name was specified
            [1]
            $ expose
            error: You must provide one or more resources by argument or filename.
            Example resource specifications include:
               '-f rsrc.yaml'
               '--filename=rsrc.json'
               '<resource> <name>'
               '<resource>'
            [1]
            $ autoscale ds/agent --max=3
            error: cannot autoscale a DaemonSet: could not find scale subresource for apps/v1, Resource=daemonsets in discovery information
            [1]
            $ autoscale ds/agent
            error: required flag(s) "max" not set
            [1]
            $ autoscale ds/agent --max=1 --min=2
            error: --max=MAXPODS must be larger or equal to --min=MINPODS, max: 1, min: 2
            [1]
            $ autoscale deploy front --max=3
            error: kubectl autoscale is not simulated: nothing measures usage here
            [1]
            $ edit ds nosuch
            Error from server (NotFound): daemonsets.apps "nosuch" not found
            [1]
            $ edit ds agent
            Edit cancelled, no changes made.
        "#]],
    );
}

#[test]
fn what_cannot_be_made_from_flags_is_said_in_kubectls_words() {
    let mut t = Terminal::new();
    t.file("ds.yaml", AGENT);
    t.check(
&[
            "create",
            "create foo",
            "create -f ds.yaml foo",
            "create cm",
            "create sa a b",
            "create cm a --from-literal=b",
            "create cm a --from-literal==x",
            "create cm a --from-literal=a/b=x",
            "create secret generic a --from-literal=a/b=x",
            "create cm a --from-literal=k=v --from-literal=k=w",
            "create secret generic a --from-literal=k=v --from-literal=k=w",
            "create cm a --from-file=nope",
            "create deployment a",
            "create pc a --value=x",
        ],
        expect![[r#"
            $ create
            error: must specify one of -f and -k
            [1]
            $ create foo
            error: Unexpected args: [foo]
            See 'kubectl create -h' for help and examples
            [1]
            $ create -f ds.yaml foo
            error: Unexpected args: [foo]
            See 'kubectl create -h' for help and examples
            [1]
            $ create cm
            error: exactly one NAME is required, got 0
            See 'kubectl create configmap -h' for help and examples
            [1]
            $ create sa a b
            error: exactly one NAME is required, got 2
            See 'kubectl create serviceaccount -h' for help and examples
            [1]
            $ create cm a --from-literal=b
            error: invalid literal source b, expected key=value
            [1]
            $ create cm a --from-literal==x
            error: invalid literal source =x, expected key=value
            [1]
            $ create cm a --from-literal=a/b=x
            error: "a/b" is not a valid key name for a ConfigMap: a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')
            [1]
            $ create secret generic a --from-literal=a/b=x
            error: "a/b" is not valid key name for a Secret a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')
            [1]
            $ create cm a --from-literal=k=v --from-literal=k=w
            error: cannot add key "k", another key by that name already exists in Data for ConfigMap "a"
            [1]
            $ create secret generic a --from-literal=k=v --from-literal=k=w
            error: cannot add key k, another key by that name already exists
            [1]
            $ create cm a --from-file=nope
            error: error reading nope: no such file or directory
            [1]
            $ create deployment a
            error: required flag(s) "image" not set
            [1]
            $ create pc a --value=x
            error: invalid argument "x" for "--value" flag: strconv.ParseInt: parsing "x": invalid syntax
            See 'kubectl create priorityclass --help' for usage.
            [1]
        "#]],
    );
}
