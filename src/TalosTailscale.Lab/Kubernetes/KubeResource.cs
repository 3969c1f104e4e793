namespace TalosTailscale.Lab.Kubernetes;

/// <summary>A kind of object that the lab stores: what discovery says of it.</summary>
internal sealed record KubeResource(
    string Group,
    string Version,
    string Plural,
    string Kind,
    bool Namespaced,
    params string[] ShortNames
)
{
    internal static readonly IReadOnlyList<KubeResource> All =
    [
        new("", "v1", "nodes", "Node", false, "no"),
        new("", "v1", "namespaces", "Namespace", false, "ns"),
        new("", "v1", "persistentvolumes", "PersistentVolume", false, "pv"),
        new("", "v1", "pods", "Pod", true, "po"),
        new("", "v1", "events", "Event", true, "ev"),
        new("", "v1", "configmaps", "ConfigMap", true, "cm"),
        new("", "v1", "secrets", "Secret", true),
        new("", "v1", "services", "Service", true, "svc"),
        new("", "v1", "serviceaccounts", "ServiceAccount", true, "sa"),
        new("apps", "v1", "daemonsets", "DaemonSet", true, "ds"),
        new("apps", "v1", "deployments", "Deployment", true, "deploy"),
        new("apps", "v1", "replicasets", "ReplicaSet", true, "rs"),
        new("apps", "v1", "statefulsets", "StatefulSet", true, "sts"),
        new("batch", "v1", "jobs", "Job", true),
        new("coordination.k8s.io", "v1", "leases", "Lease", true),
        new("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true, "pdb"),
        new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false),
        new("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", false),
        new("rbac.authorization.k8s.io", "v1", "roles", "Role", true),
        new("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", true),
    ];

    internal static readonly KubeResource Nodes = Find("", "nodes")!;
    internal static readonly KubeResource Namespaces = Find("", "namespaces")!;
    internal static readonly KubeResource Pods = Find("", "pods")!;
    internal static readonly KubeResource Events = Find("", "events")!;
    internal static readonly KubeResource Budgets = Find("policy", "poddisruptionbudgets")!;

    internal static readonly string[] Verbs =
    [
        "create",
        "delete",
        "deletecollection",
        "get",
        "list",
        "patch",
        "update",
        "watch",
    ];

    internal string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    internal string Key => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    internal IEnumerable<string> Subresources =>
        Kind switch
        {
            "Pod" => ["exec", "log", "eviction", "status"],
            "Node" or "Namespace" or "PodDisruptionBudget" or "Deployment" or "Job" => ["status"],
            _ => [],
        };

    internal static KubeResource? Find(string group, string plural) =>
        All.FirstOrDefault(r => r.Group == group && r.Plural == plural);
}
