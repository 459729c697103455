//! What kubectl says of arguments and flags that do not go together, or that say too little.

use super::*;
use expect_test::expect;

#[test]
fn cli_025_flags_of_apply_that_do_not_go_together() {
    let mut t = Terminal::new();
    t.file("ds.yaml", AGENT);
    t.check(
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
    t.check(
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
    t.check(
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
    t.check(
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
    t.check(
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

            Subcommands provided by plugins:

            Other Commands:
              api-resources   Print the supported API resources on the server
              api-versions    Print the supported API versions on the server, in the form of "group/version"
              config          Modify kubeconfig files
              kuberc          Manage kuberc configuration files
              plugin          Provides utilities for interacting with plugins
              version         Print the client and server version information

            Usage:
              kubectl [flags] [options]

            Use "kubectl <command> --help" for more information about a given command.
            Use "kubectl options" for a list of global command-line options (applies to all commands).
        "#]],
    );
}
