//! What stands around the commands: what is refused and how, and what only looks.

use super::*;
use expect_test::expect;

#[test]
fn commands_that_kubectl_has_say_what_to_do_instead() {
    let mut t = Terminal::new();
    let lines = [
        "certificate approve x",
        "cluster-info dump --all-namespaces",
        "config set-cluster kubernetes",
        "apply edit-last-applied ds/agent",
        "get pods -k .",
        "get --raw /metrics",
        "delete pod x -i",
    ];
    expect![[r#"
        $ certificate approve x
        error: kubectl certificate is not simulated: certificates are not looked at here
        [1]
        $ cluster-info dump --all-namespaces
        error: kubectl cluster-info dump is not simulated: use kubectl get all -A, kubectl describe and kubectl logs
        [1]
        $ config set-cluster kubernetes
        error: kubectl config set-cluster is not simulated: there is one cluster, one user and one context here. Name another namespace with -n in each command
        [1]
        $ apply edit-last-applied ds/agent
        error: kubectl apply edit-last-applied is not simulated: use kubectl edit, or change the file and kubectl apply -f it
        [1]
        $ get pods -k .
        error: kustomizations are not simulated: give the files with -f
        [1]
        $ get --raw /metrics
        error: --raw is not simulated: name what to get, with -o json
        [1]
        $ delete pod x -i
        error: --interactive is not simulated: this console answers no questions
        [1]
    "#]].assert_eq(&t.transcript(&lines));
    assert!(t.calls.is_empty());
}

/// Kubernetes: kubectl/pkg/cmd/util/helpers.go, DefaultSubCommandRun; cobra, SuggestionsFor.
#[test]
fn a_word_that_is_no_command_is_told_as_kubectl_tells_it() {
    let mut t = Terminal::new();
    let lines = [
        "list pods",
        "ps",
        "rm pod x",
        "rollout foo ds/agent",
        "create",
        "create foo",
        "set foo",
        "top pod x y",
    ];
    let text = t.transcript(&lines);
    let without_help = text.replace(&t.run("create --help"), "(the help)\n");
    expect![[r#"
        $ list pods
        error: unknown command "list" for "kubectl"

        Did you mean this?
        	get
        [1]
        $ ps
        error: unknown command "ps" for "kubectl"

        Did you mean this?
        	cp
        	get
        [1]
        $ rm pod x
        error: unknown command "rm" for "kubectl"

        Did you mean this?
        	cp
        	delete
        	run
        [1]
        $ rollout foo ds/agent
        error: unknown command "foo ds/agent"
        See 'kubectl rollout -h' for help and examples
        [1]
        $ create
        error: must specify one of -f and -k
        [1]
        $ create foo
        error: Unexpected args: [foo]
        See 'kubectl create -h' for help and examples
        [1]
        $ set foo
        error: unknown command "foo"
        See 'kubectl set -h' for help and examples
        [1]
        $ top pod x y
        error: Metrics API not available
        [1]
    "#]]
    .assert_eq(&without_help);
    assert!(t.run("rollout").ends_with("[1]\n"));
    assert!(t.run("options").starts_with("The following options can be passed to any command:\n\n"));
}

#[test]
fn what_is_not_in_the_kubeconfig_does_not_exist() {
    let mut t = Terminal::new();
    let lines = [
        "get pods --context=other",
        "get pods --cluster other",
        "get pods --user other",
        "get pods --context kubernetes-admin@kubernetes",
        "config view",
        "config use-context other",
        "config use-context kubernetes-admin@kubernetes",
        "config get-contexts other",
        "config get-users",
    ];
    expect![[r#"
        $ get pods --context=other
        error: context "other" does not exist
        [1]
        $ get pods --cluster other
        error: cluster "other" does not exist
        [1]
        $ get pods --user other
        error: auth info "other" does not exist
        [1]
        $ get pods --context kubernetes-admin@kubernetes
        No resources found in default namespace.
        $ config view
        apiVersion: v1
        clusters:
        - cluster:
            certificate-authority-data: DATA+OMITTED
            server: https://10.0.0.10:6443
          name: kubernetes
        contexts:
        - context:
            cluster: kubernetes
            user: kubernetes-admin
          name: kubernetes-admin@kubernetes
        current-context: kubernetes-admin@kubernetes
        kind: Config
        users:
        - name: kubernetes-admin
          user:
            client-certificate-data: DATA+OMITTED
            client-key-data: DATA+OMITTED
        $ config use-context other
        error: no context exists with the name: "other"
        [1]
        $ config use-context kubernetes-admin@kubernetes
        Switched to context "kubernetes-admin@kubernetes".
        $ config get-contexts other
        error: context other not found
        [1]
        $ config get-users
        NAME
        kubernetes-admin
    "#]]
    .assert_eq(&t.transcript(&lines));
}

/// Kubernetes: kubectl/pkg/cmd/auth/cani.go.
#[test]
fn can_i_says_yes_and_what_is_odd_about_the_question() {
    let mut t = Terminal::new();
    let lines = [
        "auth can-i create pods",
        "auth can-i delete nodes",
        "auth can-i delete nodes -A",
        "auth can-i fly ds.apps",
        "auth can-i get foo.example.com/x",
        "auth can-i get /healthz",
        "auth can-i create",
        "auth can-i --list",
        "auth whoami",
    ];
    expect![[r#"
        $ auth can-i create pods
        yes
        $ auth can-i delete nodes
        Warning: resource 'nodes' is not namespace scoped

        yes
        $ auth can-i delete nodes -A
        yes
        $ auth can-i fly ds.apps
        Warning: verb 'fly' is not a known verb

        yes
        $ auth can-i get foo.example.com/x
        Warning: the server doesn't have a resource type 'foo' in group 'example.com'

        yes
        $ auth can-i get /healthz
        yes
        $ auth can-i create
        error: you must specify two arguments: verb resource or verb resource/resourceName.
        See 'kubectl auth can-i -h' for help and examples.
        [1]
        $ auth can-i --list
        Resources   Non-Resource URLs   Resource Names   Verbs
        *.*         []                  []               [*]
                    [*]                 []               [*]
        $ auth whoami
        ATTRIBUTE   VALUE
        Username    kubernetes-admin
        Groups      [kubeadm:cluster-admins system:authenticated]
    "#]]
    .assert_eq(&t.transcript(&lines));
    t.up = false;
    assert_eq!(
        t.run("auth can-i create pods"),
        "The connection to the server 10.0.0.10:6443 was refused - did you specify the right host or port?\n[1]\n"
    );
}

/// Kubernetes: cli-runtime/pkg/resource/builder.go, visitByPaths, visitByName.
#[test]
fn files_and_arguments_do_not_go_together() {
    let mut t = Terminal::new();
    t.make(AGENT);
    t.file("ds.yaml", AGENT);
    let lines = [
        "get pods -f ds.yaml",
        "describe ds/agent -f ds.yaml",
        "label pods a=b -f ds.yaml",
        "get pods,ds agent",
        "get all agent",
        "taint node/worker-1 a=b:NoSchedule",
    ];
    expect![[r#"
        $ get pods -f ds.yaml
        error: when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well
        [1]
        $ describe ds/agent -f ds.yaml
        error: resource/name arguments cannot be provided when a path is specified
        [1]
        $ label pods a=b -f ds.yaml
        error: when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well
        [1]
        $ get pods,ds agent
        NAME    DESIRED   CURRENT   READY   UP-TO-DATE   AVAILABLE   NODE SELECTOR   AGE
        agent   0         0         0       0            0           <none>          0s
        Error from server (NotFound): pods "agent" not found
        [1]
        $ get all agent
        error: you must specify only one resource
        [1]
        $ taint node/worker-1 a=b:NoSchedule
        error: the server doesn't have a resource type "node/worker-1"
        [1]
    "#]]
    .assert_eq(&t.transcript(&lines));
}

/// Kubernetes: cli-runtime/pkg/printers/jsonpath.go, PrintObj.
#[test]
fn a_template_that_cannot_be_carried_out_shows_what_it_was_given() {
    let mut t = Terminal::new();
    t.make(&pod("web", "{app: web}"));
    let lines = [
        "get pods -l app=none -o jsonpath={.items[0].metadata.name}",
        "get pods -o jsonpath={.items[0].metadata.name",
        "get pods -o jsonpath={.items[0",
        "get pods -o custom-columns=SECOND:.spec.containers[1].image",
        "get pods -o jsonpath={.items[0].metadata.labels.none}",
    ];
    expect![[r#"
        $ get pods -l app=none -o jsonpath={.items[0].metadata.name}
        error: error executing jsonpath "{.items[0].metadata.name}": Error executing template: array index out of bounds: index 0, length 0. Printing more information for debugging the template:
        	template was:
        		{.items[0].metadata.name}
        	object given to jsonpath engine was:
        		map[string]interface {}{"apiVersion":"v1", "items":[]interface {}{}, "kind":"List", "metadata":map[string]interface {}{"resourceVersion":""}}


        [1]
        $ get pods -o jsonpath={.items[0].metadata.name
        error: error parsing jsonpath {.items[0].metadata.name, unclosed action
        [1]
        $ get pods -o jsonpath={.items[0
        error: error parsing jsonpath {.items[0, unterminated array
        [1]
        $ get pods -o custom-columns=SECOND:.spec.containers[1].image
        SECOND
        error: array index out of bounds: index 1, length 1
        [1]
        $ get pods -o jsonpath={.items[0].metadata.labels.none}
    "#]].assert_eq(&t.transcript(&lines));
}

#[test]
fn the_last_applied_configuration_is_shown() {
    let mut t = Terminal::new();
    t.file("ds.yaml", AGENT);
    t.run("apply -f ds.yaml");
    t.make(&pod("web", "{}"));
    let lines = [
        "apply view-last-applied ds/agent",
        "apply view-last-applied pod web",
        "apply view-last-applied ds agent -o wide",
        "apply foo",
    ];
    expect![[r#"
        $ apply view-last-applied ds/agent
        apiVersion: apps/v1
        kind: DaemonSet
        metadata:
          annotations: {}
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
        $ apply view-last-applied pod web
        $ apply view-last-applied ds agent -o wide
        error: Unexpected -o output mode: wide, the flag 'output' must be one of yaml|json
        See 'kubectl apply view-last-applied -h' for help and examples
        [1]
        $ apply foo
        error: Unexpected args: [foo]
        See 'kubectl apply -h' for help and examples
        [1]
    "#]]
    .assert_eq(&t.transcript(&lines));
}

/// Kubernetes: kubectl/pkg/cmd/logs/logs.go; polymorphichelpers/logsforobject.go; podutils.go, ByLogging.
#[test]
fn logs_are_asked_of_the_container_that_is_meant() {
    let mut t = Terminal::new();
    let two = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: two\n  labels: {app: agent}\n  annotations: {kubectl.kubernetes.io/default-container: side}\nspec:\n  nodeName: worker-1\n  initContainers: [{name: prep, image: x:1}]\n  containers: [{name: main, image: x:1}, {name: side, image: x:1}]\n";
    t.make(two);
    t.make(&pod("one", "{app: agent}"));
    t.make(AGENT);
    let lines = [
        "logs two",
        "logs two -c nope",
        "logs two prep",
        "logs two prep -c main",
        "logs two --all-containers",
        "logs two --all-containers -c main",
        "logs two --all-containers --ignore-errors",
        "logs nope",
        "logs nope -n kube-system",
        "logs two -l app=agent",
        "logs ds/agent",
    ];
    expect![[r#"
        $ logs two
        Error from server (BadRequest): container "side" in pod "two" is not available
        [1]
        $ logs two -c nope
        error: container nope is not valid for pod two out of: main, side, prep (init)
        [1]
        $ logs two prep
        Error from server (BadRequest): container "prep" in pod "two" is not available
        [1]
        $ logs two prep -c main
        error: only one of -c or an inline [CONTAINER] arg is allowed
        [1]
        $ logs two --all-containers
        Error from server (BadRequest): container "prep" in pod "two" is not available
        [1]
        $ logs two --all-containers -c main
        error: --all-containers=true should not be specified with container name main
        [1]
        $ logs two --all-containers --ignore-errors
        error: container "prep" in pod "two" is not available
        error: container "main" in pod "two" is not available
        error: container "side" in pod "two" is not available
        $ logs nope
        error: error from server (NotFound): pods "nope" not found in namespace "default"
        [1]
        $ logs nope -n kube-system
        error: error from server (NotFound): pods "nope" not found in namespace "kube-system"
        [1]
        $ logs two -l app=agent
        error: only a selector (-l) or a POD name is allowed
        See 'kubectl logs -h' for help and examples
        [1]
        $ logs ds/agent
        Found 2 pods, using pod/two
        Error from server (BadRequest): container "side" in pod "two" is not available
        [1]
    "#]]
    .assert_eq(&t.transcript(&lines));
}

/// Kubernetes: polymorphichelpers/helpers.go, SelectorsForObject, GetPodList.
#[test]
fn logs_are_asked_of_the_pods_of_whatever_selects_pods() {
    let mut t = Terminal::new();
    t.make(&pod("one", "{app: agent}"));
    t.make(&pod("two", "{app: agent, tier: front}"));
    let template = "{metadata: {labels: {app: agent}}, spec: {containers: [{name: main, image: x:1}]}}";
    for (kind, name) in [("Deployment", "agent"), ("ReplicaSet", "agent"), ("StatefulSet", "agent")] {
        t.make(&format!(
            "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{selector: {{matchLabels: {{app: agent}}}}, template: {template}}}\n"
        ));
    }
    t.make("apiVersion: v1\nkind: Service\nmetadata: {name: front}\nspec: {selector: {tier: front}, ports: [{port: 80}]}\n");
    t.make("apiVersion: v1\nkind: Service\nmetadata: {name: bare}\nspec: {ports: [{port: 80}]}\n");
    t.make("apiVersion: v1\nkind: Service\nmetadata: {name: empty}\nspec: {selector: {app: none}, ports: [{port: 80}]}\n");
    t.make("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    let lines = [
        "logs deploy/agent",
        "logs rs/agent --all-pods --ignore-errors",
        "logs sts/agent -c nope",
        "logs svc/front",
        "logs svc/bare",
        "logs svc/empty --pod-running-timeout=2s",
        "logs cm/a",
    ];
    expect![[r#"
        $ logs deploy/agent
        Found 2 pods, using pod/one
        $ logs rs/agent --all-pods --ignore-errors
        $ logs sts/agent -c nope
        Found 2 pods, using pod/one
        error: container nope is not valid for pod one out of: main
        [1]
        $ logs svc/front
        $ logs svc/bare
        error: cannot get the logs from *v1.Service: invalid service 'bare': Service is defined without a selector
        [1]
        $ logs svc/empty --pod-running-timeout=2s
        error: timed out waiting for the condition
        [1]
        $ logs cm/a
        error: cannot get the logs from *v1.ConfigMap: selector for *v1.ConfigMap not implemented
        [1]
    "#]].assert_eq(&t.transcript(&lines));
}

/// Kubernetes: kubectl/pkg/cmd/apiresources/apiresources.go; apiserver/pkg/endpoints/discovery.
#[test]
fn what_can_be_done_with_a_kind_is_listed_and_kept_to() {
    let mut t = Terminal::new();
    let lines = [
        "api-resources --api-group=apps -o wide",
        "api-resources --api-group=authorization.k8s.io --verbs=list",
        "api-resources --categories=all --sort-by=kind --no-headers",
        "api-resources --api-group=autoscaling -o name",
        "api-resources --sort-by=x",
        "api-resources -o yaml",
        "get tokenreviews",
    ];
    expect![[r#"
        $ api-resources --api-group=apps -o wide
        NAME                  SHORTNAMES   APIVERSION   NAMESPACED   KIND                 VERBS                                                        CATEGORIES
        controllerrevisions                apps/v1      true         ControllerRevision   create,delete,deletecollection,get,list,patch,update,watch   
        daemonsets            ds           apps/v1      true         DaemonSet            create,delete,deletecollection,get,list,patch,update,watch   all
        deployments           deploy       apps/v1      true         Deployment           create,delete,deletecollection,get,list,patch,update,watch   all
        replicasets           rs           apps/v1      true         ReplicaSet           create,delete,deletecollection,get,list,patch,update,watch   all
        statefulsets          sts          apps/v1      true         StatefulSet          create,delete,deletecollection,get,list,patch,update,watch   all
        $ api-resources --api-group=authorization.k8s.io --verbs=list
        NAME   SHORTNAMES   APIVERSION   NAMESPACED   KIND
        $ api-resources --categories=all --sort-by=kind --no-headers
        cronjobs                   cj       batch/v1         true   CronJob
        daemonsets                 ds       apps/v1          true   DaemonSet
        deployments                deploy   apps/v1          true   Deployment
        horizontalpodautoscalers   hpa      autoscaling/v2   true   HorizontalPodAutoscaler
        jobs                                batch/v1         true   Job
        pods                       po       v1               true   Pod
        replicasets                rs       apps/v1          true   ReplicaSet
        replicationcontrollers     rc       v1               true   ReplicationController
        services                   svc      v1               true   Service
        statefulsets               sts      apps/v1          true   StatefulSet
        $ api-resources --api-group=autoscaling -o name
        horizontalpodautoscalers.autoscaling
        $ api-resources --sort-by=x
        error: --sort-by accepts only name or kind
        [1]
        $ api-resources -o yaml
        error: -o yaml is not simulated: use -o wide or -o name
        [1]
        $ get tokenreviews
        Error from server (MethodNotAllowed): the server does not allow this method on the requested resource
        [1]
    "#]].assert_eq(&t.transcript(&lines));
}

/// Kubernetes: kubectl/pkg/cmd (exec, patch, delete, taint, wait, explain, set), as a real cluster's kubectl answered.
#[test]
fn what_people_mistype_is_answered_as_by_kubectl() {
    let mut t = Terminal::new();
    t.make(&pod("one", "{app: agent}"));
    t.make("apiVersion: v1\nkind: Pod\nmetadata: {name: unbound}\nspec: {containers: [{name: main, image: x:1}]}\n");
    t.make("apiVersion: v1\nkind: Service\nmetadata: {name: front}\nspec: {ports: [{port: 80}]}\n");
    let lines = [
        "exec",
        "exec one",
        "exec one ls",
        "exec nope -- ls",
        "exec one -c nope -- ls",
        "exec unbound -- ls",
        "exec svc/front -- ls",
        "exec one -- ls",
        "patch pod one -p {}  --dry-run=client",
        "patch pod one -p {\"metadata\":{\"name\":\"two\"}}",
        "patch pod one --type=merge -p {\"metadata\":{\"namespace\":\"two\"}}",
        "patch pod one --type=json -p {}",
        "patch pod one --type=json -p [{\"op\":\"foo\",\"path\":\"/a\"}]",
        "patch pod one",
        "delete pod one --dry-run=client",
        "delete pod one --cascade=true --dry-run=client",
        "delete pod one -o yaml",
        "taint node worker-1 a=b:NoSchedule a-",
        "set image svc/front a=b",
        "set image pods --all nope=b",
        "set resources",
        "cordon no-1 no-2",
        "wait pod/one",
        "wait pod/one --for=jsonpath=.metadata.name=one",
        "wait pod/one --for=jsonpath={.metadata.name}=",
        "explain pod --api-version=v2",
        "explain pod --output=foo",
        "events --types=Foo",
        "logs one --limit-bytes=-1",
        "rollout restart deploy",
        "apply view-last-applied",
        "get pods --subresource=status",
        "get pod one --subresource=scale",
        "get --raw /nope",
        "get --raw nope",
    ];
    expect![[r#"
        $ exec
        error: pod, type/name or --filename must be specified
        [1]
        $ exec one
        error: you must specify at least one command for the container
        [1]
        $ exec one ls
        error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead
        See 'kubectl exec -h' for help and examples
        [1]
        $ exec nope -- ls
        Error from server (NotFound): pods "nope" not found
        [1]
        $ exec one -c nope -- ls
        error: container nope is not valid for pod one out of: main
        [1]
        $ exec unbound -- ls
        error: unable to upgrade connection: pod unbound does not have a host assigned
        [1]
        $ exec svc/front -- ls
        error: cannot attach to *v1.Service: invalid service 'front': Service is defined without a selector
        [1]
        $ exec one -- ls
        error: unable to upgrade connection: pod one does not have a host assigned
        [1]
        $ patch pod one -p {}  --dry-run=client
        pod/one patched (no change)
        $ patch pod one -p {"metadata":{"name":"two"}}
        Error from server (BadRequest): the name of the object (two) does not match the name on the URL (one)
        [1]
        $ patch pod one --type=merge -p {"metadata":{"namespace":"two"}}
        Error from server (BadRequest): the namespace of the provided object does not match the namespace sent on the request
        [1]
        $ patch pod one --type=json -p {}
        Error from server (BadRequest): error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp
        [1]
        $ patch pod one --type=json -p [{"op":"foo","path":"/a"}]
        The request is invalid: the server rejected our request due to an error in our request
        [1]
        $ patch pod one
        error: must specify --patch or --patch-file containing the contents of the patch
        [1]
        $ delete pod one --dry-run=client
        pod "one" deleted from default namespace (dry run)
        $ delete pod one --cascade=true --dry-run=client
        warning: --cascade=true is deprecated (boolean value) and can be replaced with --cascade=background.
        pod "one" deleted from default namespace (dry run)
        $ delete pod one -o yaml
        error: unexpected -o output mode: yaml. We only support '-o name'
        [1]
        $ taint node worker-1 a=b:NoSchedule a-
        error: can not both modify and remove the following taint(s) in the same command: a=
        [1]
        $ set image svc/front a=b
        error: services/front the object is not a pod or does not have a pod template: *v1.Service
        [1]
        $ set image pods --all nope=b
        error: unable to find container named "nope"
        error: unable to find container named "nope"
        [1]
        $ set resources
        error: You must provide one or more resources by argument or filename.
        Example resource specifications include:
           '-f rsrc.yaml'
           '--filename=rsrc.json'
           '<resource> <name>'
           '<resource>'
        [1]
        $ cordon no-1 no-2
        Error from server (NotFound): nodes "no-1" not found
        [1]
        $ wait pod/one
        error: unrecognized condition: []
        [1]
        $ wait pod/one --for=jsonpath=.metadata.name=one
        pod/one condition met
        $ wait pod/one --for=jsonpath={.metadata.name}=
        error: jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3
        [1]
        $ explain pod --api-version=v2
        error: couldn't find resource for "/v2, Resource=pods"
        [1]
        $ explain pod --output=foo
        error: unrecognized format: foo
        [1]
        $ events --types=Foo
        error: valid --types are Normal or Warning
        [1]
        $ logs one --limit-bytes=-1
        error: --limit-bytes must be greater than 0
        [1]
        $ rollout restart deploy
        No resources found in default namespace.
        $ apply view-last-applied
        error: You must provide one or more resources by argument or filename.
        Example resource specifications include:
           '-f rsrc.yaml'
           '--filename=rsrc.json'
           '<resource> <name>'
           '<resource>'
        [1]
        $ get pods --subresource=status
        error: subresource cannot be used when bulk resources are specified
        [1]
        $ get pod one --subresource=scale
        Error from server (NotFound): the server could not find the requested resource
        [1]
        $ get --raw /nope
        Error from server (NotFound): the server could not find the requested resource
        [1]
        $ get --raw nope
        error: --raw must be a valid URL path: parse "nope": invalid URI for request
        [1]
    "#]].assert_eq(&t.transcript(&lines));
}
