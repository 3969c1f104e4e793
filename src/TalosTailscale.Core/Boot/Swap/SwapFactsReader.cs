using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>
/// Collects from the Talos API, and from Kubernetes where there is a connection, what the gates need. What the role or
/// the version does not give stays unknown, and its gate says so.
/// </summary>
public static class SwapFactsReader
{
    /// <summary>Reads the facts.</summary>
    /// <param name="node">The node.</param>
    /// <param name="kubernetes">The cluster; null without one.</param>
    /// <param name="reporter">Told of what could not be read.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The facts.</returns>
    /// <exception cref="TsException">The node cannot be reached or does not accept us.</exception>
    public static async Task<SwapNodeFacts> ReadAsync(
        TalosNodeClient node,
        KubernetesConnection? kubernetes,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(reporter);

        // The first call is not forgiven anything: a node that cannot be reached is not a node about which nothing is known.
        TalosVersion version = await node.VersionAsync(cancellationToken).ConfigureAwait(false);
        var ask = new Question(node.Node, reporter);
        TalosSecurityState? security = await ask.TryAsync("SecurityState", () =>
                node.SecurityStateAsync(cancellationToken)
            )
            .ConfigureAwait(false);
        TalosMachineStatus? status = await ask.TryAsync("MachineStatus", () =>
                node.MachineStatusAsync(cancellationToken)
            )
            .ConfigureAwait(false);
        IReadOnlyList<TalosExtension>? extensions = await ask.TryAsync("ExtensionStatuses", () =>
                node.ExtensionsAsync(cancellationToken)
            )
            .ConfigureAwait(false);
        IReadOnlyList<TalosVolumeStatus>? volumes = await ask.TryAsync("VolumeStatuses", () =>
                node.VolumeStatusesAsync(cancellationToken)
            )
            .ConfigureAwait(false);
        SwapConfigFacts? active = await ConfigAsync(ask, node, "v1alpha1", cancellationToken).ConfigureAwait(false);
        SwapConfigFacts? persistent = await ConfigAsync(ask, node, "persistent", cancellationToken)
            .ConfigureAwait(false);
        IReadOnlyList<TalosMember>? members = await ask.TryAsync("Members", () => node.MembersAsync(cancellationToken))
            .ConfigureAwait(false);
        string? hostname = await ask.TryAsync("HostnameStatus", () => node.HostnameAsync(cancellationToken))
            .ConfigureAwait(false);
        bool? controlPlane = members?.FirstOrDefault(m => m.Hostname == hostname) is { } self
            ? self.MachineType == "controlplane"
            : null;
        var facts = new SwapNodeFacts
        {
            Node = node.Node,
            Architecture = version.Architecture,
            TalosVersion = version.Tag,
            Stage = status?.Stage,
            BootedWithUki = security?.BootedWithUki,
            SecureBoot = security?.SecureBoot,
            PcrKeyFingerprint = security?.PcrSigningKeyFingerprint,
            BootedEntry = await ask.TryAsync("BootedEntry", () => node.BootedEntryAsync(cancellationToken))
                .ConfigureAwait(false),
            KernelCommandLine = await ask.TryAsync("KernelCmdline", () =>
                    node.KernelCommandLineAsync(cancellationToken)
                )
                .ConfigureAwait(false),
            Variables = await LoaderVariables.ReadAsync(node, reporter, cancellationToken).ConfigureAwait(false),
            Extensions = extensions is null
                ? null
                : [.. extensions.Where(e => e.Name != "schematic").Select(e => e.Name)],
            SchematicId = extensions?.FirstOrDefault(e => e.Name == "schematic")?.Version,
            SealedVolumes = volumes is null ? null : [.. volumes.Where(IsSealed).Select(v => v.Id)],
            ServiceConfigActive = active?.ServiceConfig,
            ServiceConfigPersistent = persistent?.ServiceConfig,
            NodeSubnets = active?.NodeSubnets,
            EtcdSubnets = active?.EtcdSubnets,
            IsControlPlane = controlPlane,
            BootId = await ask.TryAsync("boot_id", () => node.BootIdAsync(cancellationToken)).ConfigureAwait(false),
            BootTime = await ask.TryAsync<DateTimeOffset?>("SystemStat", async () =>
                    await node.BootTimeAsync(cancellationToken).ConfigureAwait(false)
                )
                .ConfigureAwait(false),
        };
        return controlPlane == true
            ? await ClusterAsync(ask, facts, node, kubernetes, cancellationToken).ConfigureAwait(false)
            : facts;
    }

    /// <summary>Only whether the ExtensionServiceConfig is there.</summary>
    internal static async Task<(bool? Holds, string Evidence)> ServiceConfigAsync(
        TalosNodeClient node,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        var ask = new Question(node.Node, reporter);
        SwapConfigFacts? active = await ConfigAsync(ask, node, "v1alpha1", cancellationToken).ConfigureAwait(false);
        SwapConfigFacts? persistent = await ConfigAsync(ask, node, "persistent", cancellationToken)
            .ConfigureAwait(false);
        return ServiceConfigGate.Look(active?.ServiceConfig, persistent?.ServiceConfig);
    }

    private static async Task<SwapNodeFacts> ClusterAsync(
        Question ask,
        SwapNodeFacts facts,
        TalosNodeClient node,
        KubernetesConnection? kubernetes,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<TalosEtcdMember>? members = await ask.TryAsync("etcd members", () =>
                node.EtcdMemberListAsync(cancellationToken)
            )
            .ConfigureAwait(false);
        string? self = await ask.TryAsync("Nodename", () => node.NodenameAsync(cancellationToken))
            .ConfigureAwait(false);
        string? hostname = await ask.TryAsync("HostnameStatus", () => node.HostnameAsync(cancellationToken))
            .ConfigureAwait(false);
        TalosEtcdMember[]? voting = members is null ? null : [.. members.Where(m => !m.IsLearner)];
        int? healthy = null;
        if (voting is not null)
        {
            healthy = 0;
            foreach (TalosEtcdMember member in voting.Where(m => m.Hostname != hostname))
            {
                // Through the node's own address of the member: its peer URL.
                string? address = member
                    .PeerUrls.Select(u => Uri.TryCreate(u, UriKind.Absolute, out Uri? uri) ? uri.Host : null)
                    .FirstOrDefault(h => h is not null);
                if (address is null)
                    continue;
                TalosNodeClient peer = node.Client.Node(address);
                TalosEtcdStatus? state = await ask.TryPeerAsync($"etcd of {member.Hostname}", () =>
                        peer.EtcdStatusAsync(cancellationToken)
                    )
                    .ConfigureAwait(false);
                if (state is { Errors.Count: 0 })
                    healthy++;
            }
        }

        IReadOnlyList<KubernetesNodeState>? nodes = kubernetes is null
            ? null
            : await ask.TryPeerAsync("Kubernetes nodes", () => KubernetesNodes.ListAsync(kubernetes, cancellationToken))
                .ConfigureAwait(false);
        return facts with
        {
            EtcdMembers = voting?.Length,
            OtherHealthyMembers = healthy,
            OtherReadyControlPlanes = nodes?.Count(n => n.ControlPlane && n.Ready && n.Name != self),
        };
    }

    private static async Task<SwapConfigFacts?> ConfigAsync(
        Question ask,
        TalosNodeClient node,
        string id,
        CancellationToken cancellationToken
    )
    {
        string? text = await ask.TryAsync($"MachineConfig {id}", async () =>
                (await node.MachineConfigAsync(id, cancellationToken).ConfigureAwait(false)).Text
            )
            .ConfigureAwait(false);
        return text is null ? null : SwapConfigFacts.Read(text);
    }

    private static bool IsSealed(TalosVolumeStatus volume) =>
        volume.EncryptionKeys.Any(k => k.Contains("tpm", StringComparison.OrdinalIgnoreCase));

    /// <summary>Asks for one thing; an answer that the role or the version does not give is none.</summary>
    private sealed class Question(string node, IReporter reporter)
    {
        /// <summary>Of the node itself. A broken connection is not forgiven: gates must not pass for want of an answer.</summary>
        internal async Task<T?> TryAsync<T>(string what, Func<Task<T>> call)
        {
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (TsException exception)
                when (exception.Error == TalosErrors.TalosRoleMissing
                    || exception.Error == TalosErrors.TalosNotFound
                    || exception.Error == TalosErrors.TalosResourceTypeUnknown
                    || exception.Error == TalosErrors.TalosUnimplemented
                    || exception.Error == TalosErrors.TalosNotControlPlane
                    || exception.Error == TalosErrors.TalosCallFailed
                )
            {
                reporter.Verbose($"{node}: {what} could not be read: {exception.Message}");
                return default;
            }
        }

        /// <summary>Of somebody else, whose silence is an answer too.</summary>
        internal async Task<T?> TryPeerAsync<T>(string what, Func<Task<T>> call)
        {
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (TsException exception)
            {
                reporter.Verbose($"{node}: {what} could not be read: {exception.Message}");
                return default;
            }
        }
    }
}
