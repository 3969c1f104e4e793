using TalosTailscale.Lab.Nodes;

namespace TalosTailscale.Lab;

/// <summary>One node of the lab: the state that every API of the lab shows and changes.</summary>
public sealed class LabNode
{
    private readonly Lock _lock = new();
    private readonly byte[] _identity = LabIds.Identity();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal LabNode(LabCluster cluster, LabNodeOptions options)
    {
        Cluster = cluster;
        Options = options;
        Address = options.Address;
        Hostname = options.KubernetesName;
        SystemUuid = options.SystemUuid ?? Guid.NewGuid();
        TalosVersion = options.TalosVersion ?? cluster.Options.TalosVersion;
        EspDirectory = Directory.CreateDirectory(Path.Combine(cluster.Folder, "nodes", options.Name, "esp")).FullName;
        Resources = new LabResources(cluster.Clock);
        Events = new LabEventLog(cluster.Clock);
        Power = new LabPower(this);
        Config = new LabConfigStore(this);
        Tailscale = new LabTailscaleService(this);
        Images = new LabImageStore(this);
        foreach (var setting in cluster.Options.Faults)
        {
            if (setting.Node is null || setting.Node == options.Name || setting.Node == options.Address)
                Faults.Set(setting.Fault, setting.Value);
        }

        Faults.Changed += (_, _) => Change(_ => { });
    }

    /// <summary>Something about the node changed. Raised after the change, on any thread; handlers must be quick.</summary>
    public event EventHandler? Changed;

    /// <summary>Somebody changed the node through an API that answered well. Raised on any thread; handlers must be quick.</summary>
    public event EventHandler<LabTouch>? Touched;

    /// <summary>The lab.</summary>
    public LabCluster Cluster { get; }

    /// <summary>What the node was made from.</summary>
    public LabNodeOptions Options { get; }

    /// <summary>The name in the inventory.</summary>
    public string Name => Options.Name;

    /// <summary>Processor architecture.</summary>
    public TalosArchitecture Architecture => Options.Architecture;

    /// <summary>The architecture by Go's name.</summary>
    public string GoArchitecture => Architecture == TalosArchitecture.Arm64 ? "arm64" : "amd64";

    /// <summary>Whether it is a control plane.</summary>
    public bool IsControlPlane => Options.IsControlPlane;

    /// <summary>The address by which the Talos API routes to it.</summary>
    public string Address { get; internal set; }

    /// <summary>The node's address in the tailnet while tailscale is up, else null.</summary>
    public string? TailnetAddress { get; internal set; }

    /// <summary>The address that the kubelet registers: the tailnet's, where nothing keeps it on the LAN.</summary>
    public string KubernetesAddress => Config.Documents.Count == 0 ? Address : LabNodeAddresses.NodeIp(this);

    /// <summary>The LAN that it is on.</summary>
    public LabNetwork Network => Options.Network;

    /// <summary>The Talos version that is running, with the leading <c>v</c>.</summary>
    public string TalosVersion { get; internal set; }

    /// <summary>The host name, without domain.</summary>
    public string Hostname { get; internal set; }

    /// <summary>The domain of the host name; empty for none.</summary>
    public string Domainname { get; internal set; } = "";

    /// <summary>Host name and domain; the host name alone where there is no domain.</summary>
    public string Fqdn => Domainname.Length == 0 ? Hostname : $"{Hostname}.{Domainname}";

    /// <summary>The name of the Kubernetes node (controllers/k8s/nodename.go).</summary>
    public string Nodename => (Options.RegistersWithFqdn ? Fqdn : Hostname).ToLowerInvariant();

    /// <summary>An id that survives reboots and changes of name and address (<c>Identities.cluster.talos.dev</c>).</summary>
    public string NodeId => LabIds.NodeId(_identity);

    /// <summary>The machine id that Kubernetes shows; also survives.</summary>
    public string MachineId => Convert.ToHexStringLower(_identity, 0, 16);

    /// <summary>The UUID that the firmware gives (SMBIOS); Kubernetes shows it as the system's UUID.</summary>
    public Guid SystemUuid { get; }

    /// <summary>The faults of this node.</summary>
    public LabFaults Faults { get; } = new();

    /// <summary>The folder that stands for the EFI system partition, absolute; below it <c>EFI/Linux/*.efi</c>.</summary>
    public string EspDirectory { get; }

    /// <summary>The EFI variables of the boot loader interface.</summary>
    public LabLoaderVariables LoaderVariables { get; } = new();

    /// <summary>Where the node is in its life.</summary>
    public LabStage Stage { get; internal set; }

    /// <summary>Whether the stage's conditions are all met.</summary>
    public bool IsReady { get; internal set; }

    /// <summary>What keeps the node from being ready: names and reasons.</summary>
    public IReadOnlyList<(string Name, string Reason)> UnmetConditions { get; internal set; } = [];

    /// <summary>The id of this boot (<c>/proc/sys/kernel/random/boot_id</c>); new at every boot.</summary>
    public Guid BootId { get; internal set; }

    /// <summary>When this boot began, in UTC.</summary>
    public DateTimeOffset BootTime { get; internal set; }

    /// <summary>The file name of the UKI that was booted, lower case as systemd-boot has it; null before the first boot.</summary>
    public string? BootedEntry { get; internal set; }

    /// <summary>The UKI that was booted; null before the first boot.</summary>
    public UkiInfo? BootedUki { get; internal set; }

    /// <summary>Whether this boot came by kexec, so that firmware and systemd-boot had no part in it.</summary>
    public bool BootedByKexec { get; internal set; }

    /// <summary>The kernel command line of this boot.</summary>
    public string KernelCommandLine { get; internal set; } = "";

    /// <summary>The extensions of the booted UKI.</summary>
    public IReadOnlyList<LabExtension> Extensions { get; internal set; } = [];

    /// <summary>The config that is in force.</summary>
    public LabMachineConfig ActiveConfig => Config.Active;

    /// <summary>The config on disk: ahead of the active one while a change is staged, behind it in try mode.</summary>
    public LabMachineConfig PersistentConfig => Config.Persistent;

    /// <summary>Whether its Talos API answers.</summary>
    public bool IsApiUp { get; internal set; }

    /// <summary>
    /// Whether discovery knows it: it forgets a machine half an hour after it was last heard of (siderolabs/talos
    /// controllers/cluster/discovery_service.go, defaultDiscoveryTTL).
    /// </summary>
    internal bool IsKnown { get; set; }

    /// <summary>Whether its kubelet runs, so that its Kubernetes node is Ready.</summary>
    public bool IsKubernetesReady { get; internal set; }

    /// <summary>Its services.</summary>
    public LabServices Services { get; } = new();

    /// <summary>Its logs by service id; <c>kernel</c> is what <c>talosctl dmesg</c> shows, and what a console would.</summary>
    public LabLogs Logs { get; } = new();

    /// <summary>The minor version of Talos 1 that is running.</summary>
    internal int Minor => LabIds.Minor(TalosVersion);

    internal LabResources Resources { get; }

    internal LabEventLog Events { get; }

    internal LabPower Power { get; }

    internal LabConfigStore Config { get; }

    internal LabTailscaleService Tailscale { get; }

    internal LabImageStore Images { get; }

    /// <summary>Switches the node off and on, as its operator would at the board; works in any state.</summary>
    public void PowerCycle() => Power.Reboot(powerCycle: true);

    /// <summary>Waits until something is true of the node.</summary>
    /// <param name="condition">Looked at after every change.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <returns>When it is true.</returns>
    public async Task WhenAsync(Func<LabNode, bool> condition, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        while (true)
        {
            Task changed;
            lock (_lock)
                changed = _changed.Task;
            if (condition(this))
                return;
            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Changes the node in one step, then tells everybody.</summary>
    internal void Change(Action<LabNode> change)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            change(this);
            if (Resources.IsWatched)
                Refresh();
            (changed, _changed) = (_changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        changed.TrySetResult();
        Changed?.Invoke(this, EventArgs.Empty);
    }

    /// <summary>Tells that somebody changed the node.</summary>
    internal void Touch(LabTouch touch) => Touched?.Invoke(this, touch);

    /// <summary>Brings the COSI resources up to what the node, and the nodes around it, are now; done before each look at them.</summary>
    internal void Refresh()
    {
        lock (_lock)
            Resources.Publish(LabNodeResources.Of(this));
    }
}
