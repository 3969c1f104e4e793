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
        TalosMachineType? type = await ask.TryAsync<TalosMachineType?>("MachineType", async () =>
                await node.MachineTypeAsync(cancellationToken).ConfigureAwait(false)
            )
            .ConfigureAwait(false);
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
            IsControlPlane = type is null ? null : type == TalosMachineType.ControlPlane,
            BootId = await ask.TryAsync("boot_id", () => node.BootIdAsync(cancellationToken)).ConfigureAwait(false),
            BootTime = await ask.TryAsync<DateTimeOffset?>("SystemStat", async () =>
                    await node.BootTimeAsync(cancellationToken).ConfigureAwait(false)
                )
                .ConfigureAwait(false),
        };
        if (type == TalosMachineType.ControlPlane)
            facts = await ClusterAsync(ask, facts, node, kubernetes, cancellationToken).ConfigureAwait(false);
        return facts with { Unread = ask.Unread };
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
        EtcdHealth? etcd = await ask.TryAsync("etcd", () => EtcdQuorum.ReadAsync(node, cancellationToken))
            .ConfigureAwait(false);
        string? self = await ask.TryAsync("Nodename", () => node.NodenameAsync(cancellationToken))
            .ConfigureAwait(false);
        IReadOnlyList<KubernetesNodeState>? nodes = kubernetes is null
            ? null
            : await ask.TryPeerAsync("Kubernetes nodes", () => KubernetesNodes.ListAsync(kubernetes, cancellationToken))
                .ConfigureAwait(false);
        return facts with
        {
            EtcdMembers = etcd?.Voters,
            OtherHealthyMembers = etcd?.OtherHealthyVoters,
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

    /// <summary>Asks for one thing; what cannot be had is remembered with its reason, and the gate that needs it refuses.</summary>
    private sealed class Question(string node, IReporter reporter)
    {
        internal Dictionary<string, string> Unread { get; } = new(StringComparer.Ordinal);

        /// <summary>Of the node itself. A broken connection ends the reading: nothing is known of such a node.</summary>
        internal Task<T?> TryAsync<T>(string what, Func<Task<T>> call) => TryAsync(what, call, IsAnswer);

        /// <summary>Of somebody else, whose silence is an answer too.</summary>
        internal Task<T?> TryPeerAsync<T>(string what, Func<Task<T>> call) => TryAsync(what, call, _ => true);

        private async Task<T?> TryAsync<T>(string what, Func<Task<T>> call, Func<TsException, bool> isAnswer)
        {
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (TsException exception) when (isAnswer(exception))
            {
                Unread[what] = exception.Message;
                reporter.Verbose($"{node}: {what} could not be read: {exception.Message}");
                return default;
            }
        }

        private static bool IsAnswer(TsException exception) =>
            exception.Error == TalosErrors.TalosRoleMissing
            || exception.Error == TalosErrors.TalosNotFound
            || exception.Error == TalosErrors.TalosMachineTypeUnknown
            || exception.Error == TalosErrors.TalosResourceTypeUnknown
            || exception.Error == TalosErrors.TalosUnimplemented
            || exception.Error == TalosErrors.TalosNotControlPlane
            || exception.Error == TalosErrors.TalosCallFailed;
    }
}
