namespace TalosTailscale.Lab;

/// <summary>One node of the lab: the state that every API of the lab shows and changes.</summary>
public sealed class LabNode
{
    private readonly Lock _lock = new();

    internal LabNode(LabCluster cluster, LabNodeOptions options)
    {
        Cluster = cluster;
        Options = options;
        Address = options.Address;
        Hostname = options.KubernetesName;
        TalosVersion = options.TalosVersion ?? cluster.Options.TalosVersion;
        EspDirectory = Directory.CreateDirectory(Path.Combine(cluster.Folder, "nodes", options.Name, "esp")).FullName;
        foreach (var setting in cluster.Options.Faults)
        {
            if (setting.Node is null || setting.Node == options.Name || setting.Node == options.Address)
                Faults.Set(setting.Fault, setting.Value);
        }
    }

    /// <summary>Something about the node changed. Raised after the change, on any thread; handlers must be quick.</summary>
    public event EventHandler? Changed;

    /// <summary>The lab.</summary>
    public LabCluster Cluster { get; }

    /// <summary>What the node was made from.</summary>
    public LabNodeOptions Options { get; }

    /// <summary>The name in the inventory.</summary>
    public string Name => Options.Name;

    /// <summary>Processor architecture.</summary>
    public TalosArchitecture Architecture => Options.Architecture;

    /// <summary>Whether it is a control plane.</summary>
    public bool IsControlPlane => Options.IsControlPlane;

    /// <summary>The address by which the Talos API routes to it.</summary>
    public string Address { get; private set; }

    /// <summary>The Talos version that is running, with the leading <c>v</c>.</summary>
    public string TalosVersion { get; private set; }

    /// <summary>The host name, which is also the name of the Kubernetes node.</summary>
    public string Hostname { get; private set; }

    /// <summary>The faults of this node.</summary>
    public LabFaults Faults { get; } = new();

    /// <summary>The folder that stands for the EFI system partition, absolute; below it <c>EFI/Linux/*.efi</c>.</summary>
    public string EspDirectory { get; }

    /// <summary>The EFI variables of the boot loader interface.</summary>
    public LabLoaderVariables LoaderVariables { get; } = new();

    /// <summary>Where the node is in its life.</summary>
    public LabStage Stage { get; private set; }

    /// <summary>The id of this boot (<c>/proc/sys/kernel/random/boot_id</c>); new at every boot.</summary>
    public Guid BootId { get; private set; }

    /// <summary>When this boot began, in UTC.</summary>
    public DateTimeOffset BootTime { get; private set; }

    /// <summary>The file name of the UKI that was booted, lower case as systemd-boot has it; null before the first boot.</summary>
    public string? BootedEntry { get; private set; }

    /// <summary>The kernel command line of this boot.</summary>
    public string KernelCommandLine { get; private set; } = "";

    /// <summary>The extensions of the booted UKI.</summary>
    public IReadOnlyList<LabExtension> Extensions { get; private set; } = [];

    /// <summary>The config that is in force.</summary>
    public LabMachineConfig ActiveConfig { get; private set; } = new("", 0);

    /// <summary>The config on disk: ahead of the active one while a change is staged, behind it in try mode.</summary>
    public LabMachineConfig PersistentConfig { get; private set; } = new("", 0);

    /// <summary>Whether its Talos API answers.</summary>
    public bool IsApiUp { get; private set; }

    /// <summary>Whether its kubelet runs, so that its Kubernetes node is Ready.</summary>
    public bool IsKubernetesReady { get; private set; }

    /// <inheritdoc/>
    public override string ToString() => Name;

    internal void Change(Action<LabNode> change)
    {
        lock (_lock)
            change(this);
        Changed?.Invoke(this, EventArgs.Empty);
    }
}
