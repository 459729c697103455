//! What `kubectl create` makes from flags, as kubectl 1.36 prints it.

use super::*;
use expect_test::{Expect, expect};

fn check(lines: &[&str], expected: Expect) {
    let mut t = Terminal::new();
    t.file("f.txt", "hello\nworld\n");
    t.check(lines, expected);
}

#[test]
fn service_accounts_get_roles_as_upstream_makes_them() {
    check(
        &[
            "create role r --verb=get --dry-run=client -o yaml",
            "create role r --resource=pods --dry-run=client -o yaml",
            "create clusterrole r --verb=get --non-resource-url=/logs/* --dry-run=client -o yaml",
            "create clusterrole r --aggregation-rule=a=b --dry-run=client -o yaml",
            "create rolebinding b --role=r --user=u --dry-run=client -o yaml",
            "create rolebinding b --clusterrole=admin --user=u --group=g --serviceaccount=ns:sa --dry-run=client -o yaml",
            "create rolebinding b --clusterrole=admin --serviceaccount=sa --dry-run=client -o yaml",
            "create rolebinding b --dry-run=client -o yaml",
            "create rolebinding b --role=r --clusterrole=c --dry-run=client -o yaml",
            "create clusterrolebinding b --clusterrole=admin --user=u --dry-run=client -o yaml",
            "create clusterrolebinding b --dry-run=client -o yaml",
        ],
        expect![[r#"
            $ create role r --verb=get --dry-run=client -o yaml
            error: at least one resource must be specified
            [1]
            $ create role r --resource=pods --dry-run=client -o yaml
            error: at least one verb must be specified
            [1]
            $ create clusterrole r --verb=get --non-resource-url=/logs/* --dry-run=client -o yaml
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRole
            metadata:
              name: r
            rules:
            - nonResourceURLs:
              - /logs/*
              verbs:
              - get
            $ create clusterrole r --aggregation-rule=a=b --dry-run=client -o yaml
            aggregationRule:
              clusterRoleSelectors:
              - matchLabels:
                  a: b
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRole
            metadata:
              name: r
            rules: null
            $ create rolebinding b --role=r --user=u --dry-run=client -o yaml
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata:
              name: b
            roleRef:
              apiGroup: rbac.authorization.k8s.io
              kind: Role
              name: r
            subjects:
            - apiGroup: rbac.authorization.k8s.io
              kind: User
              name: u
            $ create rolebinding b --clusterrole=admin --user=u --group=g --serviceaccount=ns:sa --dry-run=client -o yaml
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata:
              name: b
            roleRef:
              apiGroup: rbac.authorization.k8s.io
              kind: ClusterRole
              name: admin
            subjects:
            - apiGroup: rbac.authorization.k8s.io
              kind: User
              name: u
            - apiGroup: rbac.authorization.k8s.io
              kind: Group
              name: g
            - kind: ServiceAccount
              name: sa
              namespace: ns
            $ create rolebinding b --clusterrole=admin --serviceaccount=sa --dry-run=client -o yaml
            error: serviceaccount must be <namespace>:<name>
            [1]
            $ create rolebinding b --dry-run=client -o yaml
            error: exactly one of clusterrole or role must be specified
            [1]
            $ create rolebinding b --role=r --clusterrole=c --dry-run=client -o yaml
            error: exactly one of clusterrole or role must be specified
            [1]
            $ create clusterrolebinding b --clusterrole=admin --user=u --dry-run=client -o yaml
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRoleBinding
            metadata:
              name: b
            roleRef:
              apiGroup: rbac.authorization.k8s.io
              kind: ClusterRole
              name: admin
            subjects:
            - apiGroup: rbac.authorization.k8s.io
              kind: User
              name: u
            $ create clusterrolebinding b --dry-run=client -o yaml
            error: required flag(s) "clusterrole" not set
            [1]
        "#]],
    );
}

#[test]
fn jobs_and_cron_jobs_are_made_from_flags() {
    check(
        &[
            "create job j --image=busybox --dry-run=client -o yaml",
            "create job j --image=busybox --dry-run=client -o yaml -- date",
            "create job j --dry-run=client -o yaml",
            "create job --image=x --dry-run=client -o yaml",
            "create cronjob c --image=busybox --dry-run=client -o yaml",
        ],
        expect![[r#"
            $ create job j --image=busybox --dry-run=client -o yaml
            apiVersion: batch/v1
            kind: Job
            metadata:
              name: j
            spec:
              template:
                metadata: {}
                spec:
                  containers:
                  - image: busybox
                    name: j
                    resources: {}
                  restartPolicy: Never
            status: {}
            $ create job j --image=busybox --dry-run=client -o yaml -- date
            apiVersion: batch/v1
            kind: Job
            metadata:
              name: j
            spec:
              template:
                metadata: {}
                spec:
                  containers:
                  - command:
                    - date
                    image: busybox
                    name: j
                    resources: {}
                  restartPolicy: Never
            status: {}
            $ create job j --dry-run=client -o yaml
            error: either --image or --from must be specified
            [1]
            $ create job --image=x --dry-run=client -o yaml
            error: exactly one NAME is required, got 0
            See 'kubectl create job -h' for help and examples
            [1]
            $ create cronjob c --image=busybox --dry-run=client -o yaml
            error: required flag(s) "schedule" not set
            [1]
        "#]],
    );
}

#[test]
fn services_are_made_of_each_type() {
    check(
        &[
            "create svc clusterip s --tcp=80:8080 --dry-run=client -o yaml",
            "create svc clusterip s --tcp=80 --dry-run=client -o yaml",
            "create svc clusterip s --clusterip=None --dry-run=client -o yaml",
            "create svc clusterip s --dry-run=client -o yaml",
            "create svc clusterip s --tcp=80:http --dry-run=client -o yaml",
            "create svc clusterip s --tcp=x --dry-run=client -o yaml",
            "create svc clusterip s --tcp=80:x:y --dry-run=client -o yaml",
            "create svc clusterip s --tcp=80 --tcp=443:8443 --dry-run=client -o yaml",
            "create svc nodeport s --tcp=80:8080 --node-port=30080 --dry-run=client -o yaml",
            "create svc nodeport s --dry-run=client -o yaml",
            "create svc loadbalancer s --tcp=80 --dry-run=client -o yaml",
            "create svc externalname s --external-name=a.b --dry-run=client -o yaml",
            "create svc externalname s --dry-run=client -o yaml",
            "create svc externalname s --external-name=a.b --tcp=80 --dry-run=client -o yaml",
        ],
        expect![[r#"
            $ create svc clusterip s --tcp=80:8080 --dry-run=client -o yaml
            apiVersion: v1
            kind: Service
            metadata:
              labels:
                app: s
              name: s
            spec:
              ports:
              - name: 80-8080
                port: 80
                protocol: TCP
                targetPort: 8080
              selector:
                app: s
              type: ClusterIP
            status:
              loadBalancer: {}
            $ create svc clusterip s --tcp=80 --dry-run=client -o yaml
            apiVersion: v1
            kind: Service
            metadata:
              labels:
                app: s
              name: s
            spec:
              ports:
              - name: "80"
                port: 80
                protocol: TCP
                targetPort: 80
              selector:
                app: s
              type: ClusterIP
            status:
              loadBalancer: {}
            $ create svc clusterip s --clusterip=None --dry-run=client -o yaml
            apiVersion: v1
            kind: Service
            metadata:
              labels:
                app: s
              name: s
            spec:
              clusterIP: None
              selector:
                app: s
              type: ClusterIP
            status:
              loadBalancer: {}
            $ create svc clusterip s --dry-run=client -o yaml
            error: at least one tcp port specifier must be provided
            [1]
            $ create svc clusterip s --tcp=80:http --dry-run=client -o yaml
            apiVersion: v1
            kind: Service
            metadata:
              labels:
                app: s
              name: s
            spec:
              ports:
              - name: 80-http
                port: 80
                protocol: TCP
                targetPort: http
              selector:
                app: s
              type: ClusterIP
            status:
              loadBalancer: {}
            $ create svc clusterip s --tcp=x --dry-run=client -o yaml
            error: strconv.ParseUint: parsing "x": invalid syntax
            [1]
            $ create svc clusterip s --tcp=80:x:y --dry-run=client -o yaml
            apiVersion: v1
            kind: Service
            metadata:
              labels:
                app: s
              name: s
            spec:
              ports:
              - name: 80-x-y
                port: 80
                protocol: TCP
                targetPort: x
              selector:
                app: s
              type: ClusterIP
            status:
              loadBalancer: {}
            $ create svc clusterip s --tcp=80 --tcp=443:8443 --dry-run=client -o yaml
            apiVersion: v1
            kind: Service
            metadata:
              labels:
                app: s
              name: s
            spec:
              ports:
              - name: "80"
                port: 80
                protocol: TCP
                targetPort: 80
              - name: 443-8443
                port: 443
                protocol: TCP
                targetPort: 8443
              selector:
                app: s
              type: ClusterIP
            status:
              loadBalancer: {}
            $ create svc nodeport s --tcp=80:8080 --node-port=30080 --dry-run=client -o yaml
            apiVersion: v1
            kind: Service
            metadata:
              labels:
                app: s
              name: s
            spec:
              ports:
              - name: 80-8080
                nodePort: 30080
                port: 80
                protocol: TCP
                targetPort: 8080
              selector:
                app: s
              type: NodePort
            status:
              loadBalancer: {}
            $ create svc nodeport s --dry-run=client -o yaml
            error: at least one tcp port specifier must be provided
            [1]
            $ create svc loadbalancer s --tcp=80 --dry-run=client -o yaml
            apiVersion: v1
            kind: Service
            metadata:
              labels:
                app: s
              name: s
            spec:
              ports:
              - name: "80"
                port: 80
                protocol: TCP
                targetPort: 80
              selector:
                app: s
              type: LoadBalancer
            status:
              loadBalancer: {}
            $ create svc externalname s --external-name=a.b --dry-run=client -o yaml
            apiVersion: v1
            kind: Service
            metadata:
              labels:
                app: s
              name: s
            spec:
              externalName: a.b
              selector:
                app: s
              type: ExternalName
            status:
              loadBalancer: {}
            $ create svc externalname s --dry-run=client -o yaml
            error: required flag(s) "external-name" not set
            [1]
            $ create svc externalname s --external-name=a.b --tcp=80 --dry-run=client -o yaml
            apiVersion: v1
            kind: Service
            metadata:
              labels:
                app: s
              name: s
            spec:
              externalName: a.b
              ports:
              - name: "80"
                port: 80
                protocol: TCP
                targetPort: 80
              selector:
                app: s
              type: ExternalName
            status:
              loadBalancer: {}
        "#]],
    );
}

#[test]
fn budgets_quotas_and_ingresses_are_made_from_flags() {
    check(
        &[
            "create quota q --scopes=Foo --dry-run=client -o yaml",
            "create quota q --dry-run=client -o yaml",
            "create pdb p --selector=app=web --min-available=1 --dry-run=client -o yaml",
            "create pdb p --selector=app=web --max-unavailable=50% --dry-run=client -o yaml",
            "create pdb p --selector=app=web --dry-run=client -o yaml",
            "create pdb p --min-available=1 --dry-run=client -o yaml",
            "create pdb p --selector=app=web --min-available=1 --max-unavailable=1 --dry-run=client -o yaml",
            "create ingress i --default-backend=svc:80 --dry-run=client -o yaml",
            "create ingress i --dry-run=client -o yaml",
            "create ingress i --rule=x --dry-run=client -o yaml",
        ],
        expect![[r#"
            $ create quota q --scopes=Foo --dry-run=client -o yaml
            apiVersion: v1
            kind: ResourceQuota
            metadata:
              name: q
            spec:
              scopes:
              - Foo
            status: {}
            $ create quota q --dry-run=client -o yaml
            apiVersion: v1
            kind: ResourceQuota
            metadata:
              name: q
            spec: {}
            status: {}
            $ create pdb p --selector=app=web --min-available=1 --dry-run=client -o yaml
            apiVersion: policy/v1
            kind: PodDisruptionBudget
            metadata:
              name: p
            spec:
              minAvailable: 1
              selector:
                matchLabels:
                  app: web
            status:
              currentHealthy: 0
              desiredHealthy: 0
              disruptionsAllowed: 0
              expectedPods: 0
            $ create pdb p --selector=app=web --max-unavailable=50% --dry-run=client -o yaml
            apiVersion: policy/v1
            kind: PodDisruptionBudget
            metadata:
              name: p
            spec:
              maxUnavailable: 50%
              selector:
                matchLabels:
                  app: web
            status:
              currentHealthy: 0
              desiredHealthy: 0
              disruptionsAllowed: 0
              expectedPods: 0
            $ create pdb p --selector=app=web --dry-run=client -o yaml
            error: one of min-available or max-unavailable must be specified
            [1]
            $ create pdb p --min-available=1 --dry-run=client -o yaml
            error: a selector must be specified
            [1]
            $ create pdb p --selector=app=web --min-available=1 --max-unavailable=1 --dry-run=client -o yaml
            error: min-available and max-unavailable cannot be both specified
            [1]
            $ create ingress i --default-backend=svc:80 --dry-run=client -o yaml
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata:
              name: i
            spec:
              defaultBackend:
                service:
                  name: svc
                  port:
                    number: 80
            status:
              loadBalancer: {}
            $ create ingress i --dry-run=client -o yaml
            error: not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)
            [1]
            $ create ingress i --rule=x --dry-run=client -o yaml
            error: rule x is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]
            [1]
        "#]],
    );
}

#[test]
fn secrets_of_each_sort_are_made() {
    check(
        &["create secret tls t --dry-run=client -o yaml"],
        expect![[r#"
            $ create secret tls t --dry-run=client -o yaml
            error: key and cert must be specified
            [1]
        "#]],
    );
}
