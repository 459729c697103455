use super::*;
use expect_test::{Expect, expect};

/// Each line and what it says.
fn check(t: &mut Terminal, lines: &[&str], expected: Expect) {
    let said: String = lines.iter().map(|line| format!("$ {line}\n{}", t.run(line))).collect();
    expected.assert_eq(&said);
}

#[test]
fn what_is_made_from_flags_looks_as_upstreams() {
    let mut t = Terminal::new();
    t.file("a.conf", "x: 1\n");
    t.file("b.bin", "\u{0}ok");
    check(
        &mut t,
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
    check(
        &mut t,
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
    check(
        &mut t,
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
    check(
        &mut t,
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

#[test]
fn cli_025_flags_of_apply_that_do_not_go_together() {
    let mut t = Terminal::new();
    t.file("ds.yaml", AGENT);
    check(
        &mut t,
        &[
            "apply -f ds.yaml --force-conflicts",
            "apply -f ds.yaml --force --server-side",
            "apply -f ds.yaml --server-side --dry-run=client",
            "apply -f ds.yaml --prune",
            "apply -f ds.yaml --prune --all",
            "apply -f ds.yaml --dry-run=client -o yaml",
            "apply -f ds.yaml",
            "apply -f ds.yaml --dry-run=client",
            "apply -f ds.yaml --dry-run=server",
        ],
        expect![[r#"
            $ apply -f ds.yaml --force-conflicts
            error: --force-conflicts only works with --server-side
            [1]
            $ apply -f ds.yaml --force --server-side
            error: --force cannot be used with --server-side
            [1]
            $ apply -f ds.yaml --server-side --dry-run=client
            error: --dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)
            [1]
            $ apply -f ds.yaml --prune
            error: all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector
            [1]
            $ apply -f ds.yaml --prune --all
            error: --prune is not simulated: delete with kubectl delete what the files no longer hold
            [1]
            $ apply -f ds.yaml --dry-run=client -o yaml
            apiVersion: apps/v1
            kind: DaemonSet
            metadata:
              annotations:
                kubectl.kubernetes.io/last-applied-configuration: |
                  {"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"annotations":{},"name":"agent","namespace":"default"},"spec":{"selector":{"matchLabels":{"app":"agent"}},"template":{"metadata":{"labels":{"app":"agent"}},"spec":{"containers":[{"image":"agent:1","name":"main"}]}}}}
              name: agent
              namespace: default
            spec:
              selector:
                matchLabels:
                  app: agent
              template:
                metadata:
                  labels:
                    app: agent
                spec:
                  containers:
                  - image: agent:1
                    name: main
            $ apply -f ds.yaml
            daemonset.apps/agent created
            $ apply -f ds.yaml --dry-run=client
            daemonset.apps/agent unchanged (dry run)
            $ apply -f ds.yaml --dry-run=server
            daemonset.apps/agent unchanged (server dry run)
        "#]],
    );
}

#[test]
fn what_a_command_acts_on_has_to_be_clear() {
    let mut t = Terminal::new();
    check(
        &mut t,
        &[
            "delete",
            "delete --all",
            "delete pods --all a",
            "delete pods/a --all",
            "describe pods/a -l x",
            "get pods a -l x",
            "label pods a b=c --all",
            "set image",
            "set image ds/a main=x",
            "wait pod/a",
            "explain",
            "explain a b",
            "logs a b c",
            "api-resources foo",
            "version -o foo",
            "version foo",
            "version --client -o json",
            "version -o json",
            "version -o yaml",
        ],
        expect![[r#"
            $ delete
            error: You must provide one or more resources by argument or filename.
            Example resource specifications include:
               '-f rsrc.yaml'
               '--filename=rsrc.json'
               '<resource> <name>'
               '<resource>'
            [1]
            $ delete --all
            error: at least one resource must be specified to use a selector
            [1]
            $ delete pods --all a
            error: name cannot be provided when a selector is specified
            [1]
            $ delete pods/a --all
            error: selectors and the all flag cannot be used when passing resource/name arguments
            [1]
            $ describe pods/a -l x
            error: selectors and the all flag cannot be used when passing resource/name arguments
            [1]
            $ get pods a -l x
            error: name cannot be provided when a selector is specified
            [1]
            $ label pods a b=c --all
            error: name cannot be provided when a selector is specified
            [1]
            $ set image
            error: You must provide one or more resources by argument or filename.
            Example resource specifications include:
               '-f rsrc.yaml'
               '--filename=rsrc.json'
               '<resource> <name>'
               '<resource>'
            [1]
            $ set image ds/a main=x
            Error from server (NotFound): daemonsets.apps "a" not found
            [1]
            $ wait pod/a
            error: unrecognized condition: []
            [1]
            $ explain
            error: You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.
            [1]
            $ explain a b
            error: We accept only this format: explain RESOURCE
            [1]
            $ logs a b c
            error: expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.
            POD or TYPE/NAME is a required argument for the logs command
            See 'kubectl logs -h' for help and examples
            [1]
            $ api-resources foo
            error: unexpected arguments: [foo]
            See 'kubectl api-resources -h' for help and examples
            [1]
            $ version -o foo
            error: --output must be 'yaml' or 'json'
            [1]
            $ version foo
            error: extra arguments: [foo]
            [1]
            $ version --client -o json
            {
              "clientVersion": {
                "major": "1",
                "minor": "36",
                "gitVersion": "v1.36.2",
                "platform": "linux/amd64"
              },
              "kustomizeVersion": "v5.8.1"
            }
            $ version -o json
            {
              "clientVersion": {
                "major": "1",
                "minor": "36",
                "gitVersion": "v1.36.2",
                "platform": "linux/amd64"
              },
              "kustomizeVersion": "v5.8.1",
              "serverVersion": {
                "major": "1",
                "minor": "36",
                "gitVersion": "v1.36.2",
                "platform": "linux/amd64"
              }
            }
            $ version -o yaml
            clientVersion:
              gitVersion: v1.36.2
              major: "1"
              minor: "36"
              platform: linux/amd64
            kustomizeVersion: v5.8.1
            serverVersion:
              gitVersion: v1.36.2
              major: "1"
              minor: "36"
              platform: linux/amd64
        "#]],
    );
}

#[test]
fn cli_035_listing_labels_names_the_objects() {
    let mut t = Terminal::new();
    t.make(NODE);
    t.make(&NODE.replace("worker-1", "worker-2"));
    check(
        &mut t,
        &[
            "label node worker-1 --list",
            "label nodes --all --list zone=a",
            "annotate node worker-1 a=b --list",
        ],
        expect![[r#"
            $ label node worker-1 --list
            $ label nodes --all --list zone=a
            Listing labels for Node./worker-1:
             zone=a
            Listing labels for Node./worker-2:
             zone=a
            $ annotate node worker-1 a=b --list
            a=b
        "#]],
    );
    assert!(t.get(Kind::Node, "", "worker-2")["metadata"]["labels"]["zone"].is_null(), "nothing is changed");
}

#[test]
fn cli_008_sorting_a_watch_is_warned_of() {
    let mut t = Terminal::new();
    check(
        &mut t,
        &["get nodes -w --sort-by=.metadata.name", "get nodes --watch-only --sort-by=.metadata.name"],
        expect![[r#"
            $ get nodes -w --sort-by=.metadata.name
            warning: --watch requested, --sort-by will be ignored for watch events received
            …
            $ get nodes --watch-only --sort-by=.metadata.name
            warning: --watch-only requested, --sort-by will be ignored
            …
        "#]],
    );
}

#[test]
fn the_overview_has_kubectls_groups() {
    let mut t = Terminal::new();
    check(
        &mut t,
        &[""],
        expect![[r#"
            $ 
            kubectl controls the Kubernetes cluster manager.

             Find more information at: https://kubernetes.io/docs/reference/kubectl/

            Basic Commands (Beginner):
              create          Create a resource from a file or from stdin
              expose          Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service
              run             Run a particular image on the cluster
              set             Set specific features on objects

            Basic Commands (Intermediate):
              explain         Get documentation for a resource
              get             Display one or many resources
              edit            Edit a resource on the server
              delete          Delete resources by file names, stdin, resources and names, or by resources and label selector

            Deploy Commands:
              rollout         Manage the rollout of a resource
              scale           Set a new size for a deployment, replica set, or replication controller
              autoscale       Auto-scale a deployment, replica set, stateful set, or replication controller

            Cluster Management Commands:
              certificate     Modify certificate resources
              cluster-info    Display cluster information
              top             Display resource (CPU/memory) usage
              cordon          Mark node as unschedulable
              uncordon        Mark node as schedulable
              drain           Drain node in preparation for maintenance
              taint           Update the taints on one or more nodes

            Troubleshooting and Debugging Commands:
              describe        Show details of a specific resource or group of resources
              logs            Print the logs for a container in a pod
              attach          Attach to a running container
              exec            Execute a command in a container
              port-forward    Forward one or more local ports to a pod
              proxy           Run a proxy to the Kubernetes API server
              cp              Copy files and directories to and from containers
              auth            Inspect authorization
              debug           Create debugging sessions for troubleshooting workloads and nodes
              events          List events

            Advanced Commands:
              diff            Diff the live version against a would-be applied version
              apply           Apply a configuration to a resource by file name or stdin
              patch           Update fields of a resource
              replace         Replace a resource by file name or stdin
              wait            Wait for a specific condition on one or many resources
              kustomize       Build a kustomization target from a directory or URL

            Settings Commands:
              label           Update the labels on a resource
              annotate        Update the annotations on a resource
              completion      Output shell completion code for the specified shell (bash, zsh, fish, or powershell)

            Other Commands:
              api-resources   Print the supported API resources on the server
              api-versions    Print the supported API versions on the server, in the form of "group/version"
              config          Modify kubeconfig files
              plugin          Provides utilities for interacting with plugins
              version         Print the client and server version information

            Usage:
              kubectl [flags] [options]

            Use "kubectl <command> --help" for more information about a given command.
            Use "kubectl options" for a list of global command-line options (applies to all commands).
        "#]],
    );
}
