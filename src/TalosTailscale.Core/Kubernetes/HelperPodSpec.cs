namespace TalosTailscale.Core.Kubernetes;

/// <summary>What a helper pod is for and where it runs.</summary>
public sealed record HelperPodSpec
{
    /// <summary>The namespace that Talos exempts from its default Pod Security admission.</summary>
    public const string DefaultNamespace = "kube-system";

    /// <summary>Name of the Kubernetes node; set into <c>spec.nodeName</c>, so cordons do not matter.</summary>
    public required string NodeName { get; init; }

    /// <summary>Container image; may be pinned by digest. It must have <c>sh</c> and <c>sleep</c>.</summary>
    public required string Image { get; init; }

    /// <summary>
    /// An image out of which one file is wanted, such as a Talos installer: the node's containerd pulls it, and the file is
    /// then in the pod's container as <see cref="FromImagePath"/>. The image needs no shell. Null for none.
    /// </summary>
    public string? FromImage { get; init; }

    /// <summary>The file in <see cref="FromImage"/> (<c>/usr/install/arm64/vmlinuz.efi</c>).</summary>
    public string FromImageFile { get; init; } = "";

    /// <summary>Where the file out of <see cref="FromImage"/> is in the pod's container.</summary>
    public static string FromImagePath => HelperPodBorrowing.Target;

    /// <summary>What the pod is for, as a label value and part of its name (<c>node-shell</c>).</summary>
    public string Purpose { get; init; } = "node-shell";

    /// <summary>Namespace of the pod.</summary>
    public string Namespace { get; init; } = DefaultNamespace;

    /// <summary>How long the pod may live at most; the kubelet ends it then even if this machine is gone.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long the image may take to be pulled and the container to start.</summary>
    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>The lease under which it is made; pods of its earlier holders are removed then. Null for none.</summary>
    public LeaseTenure? Tenure { get; init; }

    /// <summary>Names of the namespace's image pull secrets.</summary>
    public IReadOnlyList<string> ImagePullSecrets { get; init; } = [];
}
