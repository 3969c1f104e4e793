namespace TalosTailscale.Lab;

/// <summary>One node of the lab, as it is before anything happens to it.</summary>
public sealed record LabNodeOptions
{
    /// <summary>The name in the inventory (<c>ampone</c>).</summary>
    public required string Name { get; init; }

    /// <summary>The address by which the Talos API routes to it. A name in metadata; nothing ever dials it.</summary>
    public required string Address { get; init; }

    /// <summary>Processor architecture.</summary>
    public TalosArchitecture Architecture { get; init; } = TalosArchitecture.Amd64;

    /// <summary>The host name in the machine config, without domain; also the name of the Kubernetes node.</summary>
    public required string KubernetesName { get; init; }

    /// <summary>Whether the kubelet registers the FQDN (<c>machine.kubelet.registerWithFQDN</c>).</summary>
    public bool RegistersWithFqdn { get; init; }

    /// <summary>Whether it is a control plane, which has etcd and forwards API calls.</summary>
    public bool IsControlPlane { get; init; } = true;

    /// <summary>Whether etcd has it as a learner: it follows the log and has no vote.</summary>
    public bool IsLearner { get; init; }

    /// <summary>Whether it is off: the cluster knows it from before, and nothing of it answers.</summary>
    public bool IsOff { get; init; }

    /// <summary>The LAN that it is on.</summary>
    public LabNetwork Network => LabNetwork.Of(Address);

    /// <summary>Whether firmware enforces Secure Boot, and the node runs the <c>-secureboot</c> image.</summary>
    public bool SecureBoot { get; init; }

    /// <summary>Whether the volume STATE is encrypted with a key that the TPM holds.</summary>
    public bool IsSealed { get; init; }

    /// <summary>Whether Talos says that it was booted with a UKI; false is GRUB.</summary>
    public bool BootsWithUki { get; init; } = true;

    /// <summary>The Talos version, with the leading <c>v</c>; null for that of the lab.</summary>
    public string? TalosVersion { get; init; }

    /// <summary>The firmware's UUID, which clones share; null for one of the node's own.</summary>
    public Guid? SystemUuid { get; init; }

    /// <summary>The disk that Talos is installed on.</summary>
    public string SystemDisk { get; init; } = "nvme0n1";

    /// <summary>Another disk that has an EFI system partition, as another system left it; null for none.</summary>
    public string? OtherEspDisk { get; init; }

    /// <summary>Size of the EFI system partition in bytes; 2101 MiB since Talos 1.11.</summary>
    public long EspSize { get; init; } = 2101L << 20;

    /// <summary>The machine config to start with; null for the lab's own.</summary>
    public string? MachineConfig { get; init; }

    /// <summary>The official extensions in the UKI that the node first boots (<c>siderolabs/tailscale</c>).</summary>
    public IReadOnlyList<string> Extensions { get; init; } = [];

    /// <summary>The three nodes of the runbook.</summary>
    public static IReadOnlyList<LabNodeOptions> Runbook { get; } =
    [
        new()
        {
            Name = "ryzen",
            Address = "192.168.1.194",
            KubernetesName = "talos-192-168-1-194",
        },
        new()
        {
            Name = "ampone",
            Address = "192.168.1.203",
            KubernetesName = "talos-192-168-1-203",
            Architecture = TalosArchitecture.Arm64,
        },
        new()
        {
            Name = "altra",
            Address = "192.168.1.85",
            KubernetesName = "talos-192-168-1-85",
            Architecture = TalosArchitecture.Arm64,
        },
    ];

    /// <summary>The runbook's nodes and two more control planes: one a learner of etcd, one off.</summary>
    internal static IReadOnlyList<LabNodeOptions> Five { get; } =
    [
        .. Runbook,
        new()
        {
            Name = "rome",
            Address = "192.168.1.90",
            KubernetesName = "talos-192-168-1-90",
            IsLearner = true,
        },
        new()
        {
            Name = "milan",
            Address = "192.168.1.91",
            KubernetesName = "talos-192-168-1-91",
            IsOff = true,
        },
    ];

    /// <summary>Any number of nodes, for measuring: three control planes, the others workers.</summary>
    /// <param name="count">How many, at most 60000.</param>
    /// <returns>Nodes <c>node-0001</c>… at 10.20.x.y.</returns>
    public static IReadOnlyList<LabNodeOptions> Many(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 60000);
        return
        [
            .. Enumerable
                .Range(1, count)
                .Select(i => new LabNodeOptions
                {
                    Name = $"node-{i:D4}",
                    Address = $"10.20.{i / 250}.{(i % 250) + 1}",
                    KubernetesName = $"node-{i:D4}",
                    IsControlPlane = i <= 3,
                }),
        ];
    }
}
