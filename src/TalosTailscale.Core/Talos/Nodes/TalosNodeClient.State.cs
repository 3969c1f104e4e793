using TalosTailscale.Core.Tailnet;

namespace TalosTailscale.Core.Talos;

/// <content>Resources that the module needs, as types of their own.</content>
public sealed partial class TalosNodeClient
{
    /// <summary>The system extensions of the running image, the virtual <c>schematic</c> included.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The extensions.</returns>
    public async Task<IReadOnlyList<TalosExtension>> ExtensionsAsync(CancellationToken cancellation = default)
    {
        var found = new List<TalosExtension>();
        await foreach (
            TalosResource resource in ListResourcesAsync(TalosTypes.ExtensionStatus, cancellation).ConfigureAwait(false)
        )
            found.Add(TalosSpecs.Extension(resource));
        return found;
    }

    /// <summary>Stage and readiness.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The status; the stage is <c>unknown</c> while the node has none.</returns>
    public async Task<TalosMachineStatus> MachineStatusAsync(CancellationToken cancellation = default)
    {
        TalosResource? resource = await FindResourceAsync(TalosTypes.MachineStatus, "machine", cancellation)
            .ConfigureAwait(false);
        return resource is null
            ? new TalosMachineStatus { Node = Node, Stage = "unknown" }
            : TalosSpecs.MachineStatus(resource);
    }

    /// <summary>Control plane or worker: what the machine itself says, which no name can blur.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The type; Talos's <c>init</c> is a control plane.</returns>
    /// <exception cref="TsException">
    /// <see cref="TalosErrors.TalosMachineTypeUnknown"/> where the machine has none (maintenance mode), and others.
    /// </exception>
    public async Task<TalosMachineType> MachineTypeAsync(CancellationToken cancellation = default)
    {
        TalosResource? resource = await FindResourceAsync(TalosTypes.MachineType, "machine-type", cancellation)
            .ConfigureAwait(false);
        return resource is null
            ? throw TalosErrors.TalosMachineTypeUnknown.New(
                $"'{Node}' has no resource '{TalosTypes.MachineType}/machine-type', which says whether it is a control plane.",
                Node
            )
            : TalosSpecs.MachineType(resource);
    }

    /// <summary>What the firmware says of the machine (SMBIOS).</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The facts, each of them possibly empty; null where the board has no SMBIOS.</returns>
    public async Task<TalosSystemInformation?> SystemInformationAsync(CancellationToken cancellation = default) =>
        await FindResourceAsync(TalosTypes.SystemInformation, "systeminformation", cancellation).ConfigureAwait(false)
            is { } resource
            ? TalosSpecs.SystemInformation(resource)
            : null;

    /// <summary>Secure Boot and how the node was booted.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The state.</returns>
    public async Task<TalosSecurityState> SecurityStateAsync(CancellationToken cancellation = default) =>
        TalosSpecs.SecurityState(
            await GetResourceAsync(TalosTypes.SecurityState, "securitystate", cancellation).ConfigureAwait(false)
        );

    /// <summary>The file name of the UKI that was booted, as the firmware variable has it (often lower case).</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The name; null before 1.11 and on nodes that were not booted from a UKI.</returns>
    public async Task<string?> BootedEntryAsync(CancellationToken cancellation = default)
    {
        TalosResource? resource = await FindResourceAsync(TalosTypes.BootedEntry, "bootedentry", cancellation)
            .ConfigureAwait(false);
        return resource is null ? null : NullIfEmpty(new SpecReader(resource.Spec).Text("bootedEntry"));
    }

    /// <summary>The disk that Talos is installed on; null where it is not installed.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The disk or null.</returns>
    public async Task<TalosSystemDisk?> SystemDiskAsync(CancellationToken cancellation = default)
    {
        TalosResource? resource = await FindResourceAsync(TalosTypes.SystemDisk, "system-disk", cancellation)
            .ConfigureAwait(false);
        if (resource is null)
            return null;
        var spec = new SpecReader(resource.Spec);
        return new TalosSystemDisk(Node, spec.Text("diskID"), spec.Text("devPath"));
    }

    /// <summary>Disks and partitions.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The volumes.</returns>
    public async Task<IReadOnlyList<TalosDiscoveredVolume>> DiscoveredVolumesAsync(
        CancellationToken cancellation = default
    ) => await AllAsync(TalosTypes.DiscoveredVolume, TalosSpecs.DiscoveredVolume, cancellation).ConfigureAwait(false);

    /// <summary>The volumes that Talos manages, with their encryption.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The volumes.</returns>
    public async Task<IReadOnlyList<TalosVolumeStatus>> VolumeStatusesAsync(CancellationToken cancellation = default) =>
        await AllAsync(TalosTypes.VolumeStatus, TalosSpecs.VolumeStatus, cancellation).ConfigureAwait(false);

    /// <summary>The members of the cluster as this node sees them.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The members.</returns>
    public async Task<IReadOnlyList<TalosMember>> MembersAsync(CancellationToken cancellation = default) =>
        await AllAsync(TalosTypes.Member, TalosSpecs.Member, cancellation).ConfigureAwait(false);

    /// <summary>One view of the node's addresses.</summary>
    /// <param name="id">default, current, accumulative, routed, routed-no-k8s …</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The addresses with prefix lengths; none where the view is not there.</returns>
    public async Task<TalosNodeAddresses> NodeAddressesAsync(
        string id = "current",
        CancellationToken cancellation = default
    ) => new(Node, id, await TextsAsync(TalosTypes.NodeAddress, id, "addresses", cancellation).ConfigureAwait(false));

    /// <summary>The names of the network links.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The names.</returns>
    public Task<IReadOnlyList<string>> LinksAsync(CancellationToken cancellation = default) =>
        AllAsync(TalosTypes.LinkStatus, link => link.Id, cancellation);

    /// <summary>The routes of all tables.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>Where each leads to, as a network, and through which link; a default route is 0.0.0.0/0 or ::/0.</returns>
    public Task<IReadOnlyList<(string Destination, string Link)>> RoutesAsync(
        CancellationToken cancellation = default
    ) => AllAsync(TalosTypes.RouteStatus, TalosSpecs.Route, cancellation);

    /// <summary>Whether the node runs a signed image (one for Secure Boot), as far as it tells.</summary>
    /// <param name="security">Its security state.</param>
    /// <param name="cancellation">Cancels the calls.</param>
    /// <returns>True or false; null where nothing tells.</returns>
    public async Task<bool?> RunsSignedAsync(TalosSecurityState security, CancellationToken cancellation = default) =>
        RunningVariant.IsSigned(
            security,
            await KernelCommandLineAsync(cancellation).ConfigureAwait(false),
            (await VersionAsync(cancellation).ConfigureAwait(false)).Version
        );

    /// <summary>What of the node's addresses is the tailnet's, by link; by range where the node tells no links.</summary>
    internal async Task<TailnetAddresses> TailnetAddressesAsync(CancellationToken cancellation = default)
    {
        IReadOnlyList<(string Link, string Address)> links = await AllAsync(
                TalosTypes.AddressStatus,
                resource =>
                {
                    var spec = new SpecReader(resource.Spec);
                    return (spec.Text("linkName"), spec.Text("address"));
                },
                cancellation
            )
            .ConfigureAwait(false);
        return links.Count > 0
            ? TailnetAddresses.ByLink(links)
            : TailnetAddresses.ByRange(
                (await NodeAddressesAsync(cancellation: cancellation).ConfigureAwait(false)).Addresses
            );
    }

    /// <summary>The addresses that the kubelet reports to Kubernetes.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The addresses.</returns>
    public Task<IReadOnlyList<string>> KubeletAddressesAsync(CancellationToken cancellation = default) =>
        TextsAsync(TalosTypes.NodeIP, "kubelet", "addresses", cancellation);

    /// <summary>The addresses that etcd advertises to its peers; none on workers.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The addresses.</returns>
    public Task<IReadOnlyList<string>> EtcdAdvertisedAddressesAsync(CancellationToken cancellation = default) =>
        TextsAsync(TalosTypes.EtcdSpec, "etcd", "advertisedAddresses", cancellation);

    /// <summary>The DNS servers that the node asks, in order.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The servers.</returns>
    public Task<IReadOnlyList<string>> DnsServersAsync(CancellationToken cancellation = default) =>
        TextsAsync(TalosTypes.ResolverStatus, "resolvers", "dnsServers", cancellation);

    /// <summary>The name of the Kubernetes node; null where Kubernetes does not run.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The name or null.</returns>
    public Task<string?> NodenameAsync(CancellationToken cancellation = default) =>
        TextAsync(TalosTypes.Nodename, "nodename", "nodename", cancellation);

    /// <summary>The host name without its domain; null while there is none.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The name or null.</returns>
    public Task<string?> HostnameAsync(CancellationToken cancellation = default) =>
        TextAsync(TalosTypes.HostnameStatus, "hostname", "hostname", cancellation);

    /// <summary>The machine's identity, which survives a change of name or address.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The id or null.</returns>
    public Task<string?> NodeIdAsync(CancellationToken cancellation = default) =>
        TextAsync(TalosTypes.Identity, "local", "nodeId", cancellation);

    /// <summary>What Kubernetes says of the node, as the node knows it; null where it does not.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The status or null.</returns>
    public async Task<TalosKubernetesNodeStatus?> KubernetesStatusAsync(CancellationToken cancellation = default)
    {
        IReadOnlyList<TalosKubernetesNodeStatus> all = await AllAsync(
                TalosTypes.NodeStatus,
                TalosSpecs.KubernetesStatus,
                cancellation
            )
            .ConfigureAwait(false);
        return all.Count > 0 ? all[0] : null;
    }

    /// <summary>The machine configuration. Needs the admin role.</summary>
    /// <param name="id"><c>v1alpha1</c> for the active one, <c>persistent</c> (1.10 and later) for the one on disk.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>Version and text, byte for byte what the node holds.</returns>
    public async Task<(string Version, string Text)> MachineConfigAsync(
        string id = "v1alpha1",
        CancellationToken cancellation = default
    )
    {
        TalosResource resource = await GetResourceAsync(TalosTypes.MachineConfig, id, cancellation)
            .ConfigureAwait(false);
        return (resource.Version, TalosSpecs.MachineConfigText(resource));
    }

    private async Task<IReadOnlyList<T>> AllAsync<T>(
        TalosType type,
        Func<TalosResource, T> read,
        CancellationToken cancellation
    )
    {
        var found = new List<T>();
        await foreach (TalosResource resource in ListResourcesAsync(type, cancellation).ConfigureAwait(false))
            found.Add(read(resource));
        return found;
    }

    private async Task<IReadOnlyList<string>> TextsAsync(
        TalosType type,
        string id,
        string key,
        CancellationToken cancellation
    )
    {
        TalosResource? resource = await FindResourceAsync(type, id, cancellation).ConfigureAwait(false);
        return resource is null ? [] : new SpecReader(resource.Spec).Texts(key);
    }

    private async Task<string?> TextAsync(TalosType type, string id, string key, CancellationToken cancellation)
    {
        TalosResource? resource = await FindResourceAsync(type, id, cancellation).ConfigureAwait(false);
        return resource is null ? null : NullIfEmpty(new SpecReader(resource.Spec).Text(key));
    }

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
