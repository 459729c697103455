// @ts-check
// Manifests for tests and pictures.

/**
 * A DaemonSet whose pods run until they are told to end.
 *
 * @param {object} options
 * @param {string} options.name
 * @param {string} [options.spec] lines of the pod's spec
 * @param {string} [options.unavailable] on how many nodes an update may take pods away at once; one, unless it is given
 */
export const daemonSet = ({ name, spec = "", unavailable }) => `apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: ${name}
spec:
${unavailable === undefined ? "" : `  updateStrategy:\n    rollingUpdate:\n      maxUnavailable: ${unavailable}\n`}\
  selector:
    matchLabels:
      app: ${name}
  template:
    metadata:
      labels:
        app: ${name}
    spec:
${spec}      containers:
      - name: main
        image: busybox:1.37
        command: ["sleep", "infinity"]
`;
