namespace TalosTailscale.Core.Kubernetes;

/// <summary>Every way in which working with the Kubernetes API fails.</summary>
public static class KubernetesErrors
{
    /// <summary>A node sent a kubeconfig that says more than where the cluster is and who we are.</summary>
    public static readonly TsError KubeconfigFromNodeRefused = new(
        "KubeconfigFromNodeRefused",
        TsErrorCategory.SecurityError,
        "The kubeconfig that a node sent names more than server, CA data, certificate data and key data.",
        "Talos itself sends no such thing: look who changed the node. Until then give a kubeconfig of your own with -KubeConfig."
    );

    /// <summary>There is no kubeconfig.</summary>
    public static readonly TsError KubeconfigNotFound = new(
        "KubeconfigNotFound",
        TsErrorCategory.ObjectNotFound,
        "No kubeconfig was given, named by KUBECONFIG or found in the home folder.",
        "Give one with -KubeConfig or $env:KUBECONFIG, or none: without one it is fetched from a control plane node."
    );

    /// <summary>A kubeconfig cannot be used as it is.</summary>
    public static readonly TsError KubeconfigInvalid = new(
        "KubeconfigInvalid",
        TsErrorCategory.ParserError,
        "The kubeconfig is not YAML, lacks a cluster or user, or names a certificate that cannot be read.",
        "Compare it with the output of 'kubectl config view', or fetch a new one from a control plane node."
    );

    /// <summary>The program that a kubeconfig names for credentials gave none.</summary>
    public static readonly TsError KubeconfigPluginFailed = new(
        "KubeconfigPluginFailed",
        TsErrorCategory.AuthenticationError,
        "The program that the kubeconfig names for credentials ('exec') is not there, failed or gave no usable answer.",
        "Run 'kubectl get nodes' with the same kubeconfig: it runs the same program. Then act on the program's words."
    );

    /// <summary>The kubeconfig's way to sign in is one that is not there any more.</summary>
    public static readonly TsError KubeconfigSignInUnsupported = new(
        "KubeconfigSignInUnsupported",
        TsErrorCategory.AuthenticationError,
        "The kubeconfig's 'auth-provider' is one that Kubernetes has removed, or has no valid token.",
        "Make the kubeconfig anew with the provider's plugin, or give another one with -KubeConfig."
    );

    /// <summary>The proxy on the way to the API server does not let us through.</summary>
    public static readonly TsError KubernetesProxyFailed = new(
        "KubernetesProxyFailed",
        TsErrorCategory.ConnectionError,
        "The proxy on the way to the Kubernetes API server refused the connection or is none.",
        "Check 'proxy-url' in the kubeconfig, or $env:HTTPS_PROXY; $env:NO_PROXY names servers that need no proxy."
    );

    /// <summary>The context that was asked for is not in the kubeconfig.</summary>
    public static readonly TsError KubeconfigContextNotFound = new(
        "KubeconfigContextNotFound",
        TsErrorCategory.ObjectNotFound,
        "The kubeconfig has no context of that name, or no current context.",
        "Give one of the contexts that the message lists with -KubeContext."
    );

    /// <summary>The kubeconfig switches the verification of the server off.</summary>
    public static readonly TsError KubeconfigInsecure = new(
        "KubeconfigInsecure",
        TsErrorCategory.SecurityError,
        "The kubeconfig says 'insecure-skip-tls-verify: true' or has a server without TLS.",
        "Put the cluster's certificate authority into 'certificate-authority-data' and an https address into 'server'."
    );

    /// <summary>Talos and Kubernetes are two clusters.</summary>
    public static readonly TsError ClustersDiffer = new(
        "ClustersDiffer",
        TsErrorCategory.SecurityError,
        "The talosconfig and the kubeconfig are of two different clusters: Kubernetes has none of the machines that Talos has.",
        "Give the kubeconfig of the same cluster with -KubeConfig, or its context with -KubeContext; or the talosconfig's "
            + "context with -Context."
    );

    /// <summary>Whether Talos and Kubernetes are one cluster is not known.</summary>
    public static readonly TsError ClustersNotCompared = new(
        "ClustersNotCompared",
        TsErrorCategory.SecurityError,
        "Whether talosconfig and kubeconfig are of the same cluster could not be found out, so nothing is done.",
        "Use a talosconfig with the role 'os:admin', which may read boot ids, or bring a node's kubelet to Ready first."
    );

    /// <summary>The Kubernetes node of that name is another machine.</summary>
    public static readonly TsError KubernetesNodeDiffers = new(
        "KubernetesNodeDiffers",
        TsErrorCategory.SecurityError,
        "The Kubernetes node of that name is not the machine that Talos answers for.",
        "Check 'kubernetesName' in the node's node.yaml, and the address; 'Update-TalosNodeAddress' finds what has moved."
    );

    /// <summary>No connection to the API server.</summary>
    public static readonly TsError KubernetesUnreachable = new(
        "KubernetesUnreachable",
        TsErrorCategory.ConnectionError,
        "The Kubernetes API server does not answer, or the connection broke.",
        "Check the address in the kubeconfig and whether a control plane node is up."
    );

    /// <summary>The certificate of the API server is not one that the kubeconfig trusts.</summary>
    public static readonly TsError KubernetesServerUntrusted = new(
        "KubernetesServerUntrusted",
        TsErrorCategory.AuthenticationError,
        "The API server's certificate is not signed by the kubeconfig's authority, is out of date or is for another name.",
        "Fetch a new kubeconfig from a control plane node; check 'server' and the clock of this machine."
    );

    /// <summary>The API server does not know who we are.</summary>
    public static readonly TsError KubernetesUnauthorized = new(
        "KubernetesUnauthorized",
        TsErrorCategory.AuthenticationError,
        "The API server did not accept the kubeconfig's credentials.",
        "Renew the credentials: fetch a new kubeconfig or log in again."
    );

    /// <summary>The user lacks a right.</summary>
    public static readonly TsError KubernetesForbidden = new(
        "KubernetesForbidden",
        TsErrorCategory.PermissionDenied,
        "The kubeconfig's user may not do this; the message names the missing verb and resource.",
        "Grant the named verb on the named resource to the user by a Role or ClusterRole, or choose an admin's context with "
            + "-KubeContext."
    );

    /// <summary>Not a right is missing: an admission rule said no.</summary>
    public static readonly TsError KubernetesAdmissionRefused = new(
        "KubernetesAdmissionRefused",
        TsErrorCategory.PermissionDenied,
        "An admission rule of the cluster refused the object: a quota, a webhook, a policy; the message has its words.",
        "Act on the server's words: no right of the user changes it, but the rule that they name."
    );

    /// <summary>No answer in time.</summary>
    public static readonly TsError KubernetesTimeout = new(
        "KubernetesTimeout",
        TsErrorCategory.OperationTimeout,
        "The Kubernetes API server took longer than the deadline of the call.",
        "Check the load of the control plane, then run the command again."
    );

    /// <summary>The API server refused or failed for a reason of its own.</summary>
    public static readonly TsError KubernetesApiFailed = new(
        "KubernetesApiFailed",
        TsErrorCategory.InvalidOperation,
        "The Kubernetes API server refused the request or failed; the message has its words.",
        "Act on the server's message; -Verbose shows the request."
    );

    /// <summary>The object does not exist.</summary>
    public static readonly TsError KubernetesNotFound = new(
        "KubernetesNotFound",
        TsErrorCategory.ObjectNotFound,
        "The Kubernetes API server has no object of that name.",
        "Check the name and the cluster of the kubeconfig: -KubeConfig and -KubeContext choose another."
    );

    /// <summary>There is no node of that name.</summary>
    public static readonly TsError KubernetesNodeNotFound = new(
        "KubernetesNodeNotFound",
        TsErrorCategory.ObjectNotFound,
        "The cluster has no Kubernetes node of that name or address.",
        "Check 'kubernetesName' in the node's node.yaml and the cluster of the kubeconfig: -KubeConfig and -KubeContext "
            + "choose another."
    );

    /// <summary>An object was changed by somebody else in between.</summary>
    public static readonly TsError KubernetesConflict = new(
        "KubernetesConflict",
        TsErrorCategory.ResourceBusy,
        "Somebody else changed the object between reading and writing it, or it exists already.",
        "Run the command again."
    );

    /// <summary>Pod Security admission refused the helper pod.</summary>
    public static readonly TsError PodSecurityRefused = new(
        "PodSecurityRefused",
        TsErrorCategory.SecurityError,
        "Pod Security admission does not let a privileged pod into the namespace.",
        "Use the namespace kube-system, which Talos exempts, or label the namespace "
            + "'pod-security.kubernetes.io/enforce=privileged'."
    );

    /// <summary>The image of the helper pod cannot be had.</summary>
    public static readonly TsError PodImageUnavailable = new(
        "PodImageUnavailable",
        TsErrorCategory.ResourceUnavailable,
        "The node cannot pull the image of the helper pod.",
        "Give an image with -Image that the node can pull and that exists for its architecture."
    );

    /// <summary>An image does not hold the file that is wanted of it.</summary>
    public static readonly TsError ImageWithoutFile = new(
        "ImageWithoutFile",
        TsErrorCategory.ObjectNotFound,
        "The file that is wanted of a container image could not be taken out of it on the node.",
        "Give the installer image of Talos 1.10 or later for the node's platform; it holds a UKI for each architecture."
    );

    /// <summary>The pod was evicted.</summary>
    public static readonly TsError PodEvicted = new(
        "PodEvicted",
        TsErrorCategory.ResourceUnavailable,
        "The helper pod was evicted or pre-empted; the message has the reason.",
        "Free the resource that the message names on the node, then run the command again."
    );

    /// <summary>The node refuses the pod, or nothing runs it.</summary>
    public static readonly TsError PodUnschedulable = new(
        "PodUnschedulable",
        TsErrorCategory.ResourceUnavailable,
        "The node does not take the helper pod.",
        "Check that the node is Ready, has room for one more pod and no admission rule against it."
    );

    /// <summary>The pod ended before or while it was used.</summary>
    public static readonly TsError PodFailed = new(
        "PodFailed",
        TsErrorCategory.InvalidOperation,
        "The helper pod ended or could not start; the message has the container's reason.",
        "Act on the reason; the image must have 'sh' and 'sleep'."
    );

    /// <summary>The node has no sandbox for the pod.</summary>
    public static readonly TsError PodSandboxFailed = new(
        "PodSandboxFailed",
        TsErrorCategory.ResourceUnavailable,
        "The node cannot make the sandbox of the helper pod: as a rule its pod network is not up.",
        "Act on the kubelet's words; 'kubectl -n kube-system get pods -o wide' shows the network's own pods on that node."
    );

    /// <summary>The pod was not ready in time.</summary>
    public static readonly TsError PodNotReady = new(
        "PodNotReady",
        TsErrorCategory.OperationTimeout,
        "The helper pod was not ready before its deadline.",
        "Check that the kubelet of the node runs ('Get-TalosService') and that the image can be pulled."
    );

    /// <summary>The pod is gone.</summary>
    public static readonly TsError PodVanished = new(
        "PodVanished",
        TsErrorCategory.InvalidOperation,
        "Somebody or something deleted the helper pod while it was in use.",
        "Run the command again; make sure that nothing else cleans up the namespace."
    );

    /// <summary>The pod could not be deleted.</summary>
    public static readonly TsError PodNotDeleted = new(
        "PodNotDeleted",
        TsErrorCategory.ResourceBusy,
        "The helper pod could not be deleted, or did not go away in time.",
        "Delete it by the command in the message; it ends by itself at its deadline."
    );

    /// <summary>A command in a pod hangs.</summary>
    public static readonly TsError ExecStalled = new(
        "ExecStalled",
        TsErrorCategory.OperationTimeout,
        "A command in a pod neither took nor gave a byte for minutes.",
        "Look at the node's disk and at its containerd (Get-TalosLog NODE -Service cri), then run the cmdlet again: what was staged is gone on with."
    );

    /// <summary>The exec stream broke.</summary>
    public static readonly TsError ExecConnectionLost = new(
        "ExecConnectionLost",
        TsErrorCategory.ConnectionError,
        "The connection to a running command broke before its exit code arrived.",
        "Run the command again; what has been staged and verified is used again."
    );

    /// <summary>The command could not be started.</summary>
    public static readonly TsError ExecRefused = new(
        "ExecRefused",
        TsErrorCategory.InvalidOperation,
        "The API server or the kubelet could not start the command in the pod.",
        "Check that the pod runs and that its image has the command."
    );

    /// <summary>The other end of the exec stream broke its protocol.</summary>
    public static readonly TsError ExecProtocol = new(
        "ExecProtocol",
        TsErrorCategory.ProtocolError,
        "A message on the exec stream is not what v4.channel.k8s.io or v5.channel.k8s.io say.",
        "Check for a proxy between this machine and the API server that changes WebSocket messages."
    );

    /// <summary>A budget forbids to move a pod away.</summary>
    public static readonly TsError DrainBlocked = new(
        "DrainBlocked",
        TsErrorCategory.ResourceBusy,
        "A PodDisruptionBudget did not allow a pod to be evicted before the drain's deadline.",
        "Make the workload that the message names ready elsewhere, or give the drain more time."
    );

    /// <summary>Somebody else holds the lease.</summary>
    public static readonly TsError LeaseHeld = new(
        "LeaseHeld",
        TsErrorCategory.ResourceBusy,
        "Another operator holds the rollout lease of the cluster.",
        "Wait until the other rollout has ended; the lease runs out by itself when its holder is gone."
    );

    /// <summary>The lease was lost while it was needed.</summary>
    public static readonly TsError LeaseLost = new(
        "LeaseLost",
        TsErrorCategory.ResourceBusy,
        "The rollout lease could not be renewed in time or was taken over by somebody else.",
        "Find out who holds the lease now, then run the command again: it continues where it stopped."
    );
}
