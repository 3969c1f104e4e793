using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>
/// Collects from the Talos API, and from Kubernetes where there is a connection, what the gates need. What cannot be had
/// is kept with the reason, and its gates refuse.
/// </summary>
public static class SwapFactsReader
{
    private static readonly FactLoss s_noStage = new("The machine status", "the node has none yet");

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
        var facts = new SwapNodeFacts
        {
            Node = node.Node,
            Architecture =
                version.Architecture == TalosArchitecture.Unknown
                    ? new FactLoss("The node's architecture", "Version names none that is known")
                    : version.Architecture,
            TalosVersion =
                version.Tag.Length > 0 ? version.Tag : new FactLoss("The Talos version", "Version names none"),
        };
        facts = await MachineAsync(ask, facts, node, cancellationToken).ConfigureAwait(false);
        facts = await BootAsync(ask, facts, node, cancellationToken).ConfigureAwait(false);
        facts = await ConfigAsync(ask, facts, node, cancellationToken).ConfigureAwait(false);
        return facts.IsControlPlane.TryGet(out bool controlPlane) && controlPlane
            ? await ClusterAsync(ask, facts, node, kubernetes, cancellationToken).ConfigureAwait(false)
            : facts;
    }

    /// <summary>Only whether the ExtensionServiceConfig is there.</summary>
    internal static async Task<GateVerdict> ServiceConfigAsync(
        TalosNodeClient node,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        var facts = new SwapNodeFacts { Node = node.Node };
        facts = await ConfigAsync(new Question(node.Node, reporter), facts, node, cancellationToken)
            .ConfigureAwait(false);
        return ServiceConfigGate.Judge(facts.ServiceConfigActive, facts.ServiceConfigPersistent);
    }

    private static async Task<SwapNodeFacts> MachineAsync(
        Question ask,
        SwapNodeFacts facts,
        TalosNodeClient node,
        CancellationToken stop
    )
    {
        Fact<TalosMachineType> type = await ask.TryAsync("The machine type", () => node.MachineTypeAsync(stop))
            .ConfigureAwait(false);
        Fact<TalosMachineStatus> status = await ask.TryAsync("The machine status", () => node.MachineStatusAsync(stop))
            .ConfigureAwait(false);
        Fact<IReadOnlyList<TalosExtension>> extensions = await ask.TryAsync("The running extensions", () =>
                node.ExtensionsAsync(stop)
            )
            .ConfigureAwait(false);
        Fact<IReadOnlyList<TalosVolumeStatus>> volumes = await ask.TryAsync("The volumes", () =>
                node.VolumeStatusesAsync(stop)
            )
            .ConfigureAwait(false);
        return facts with
        {
            IsControlPlane = type.Then<bool>(t => t == TalosMachineType.ControlPlane),
            Stage = status.Then(s => s.Stage == "unknown" ? s_noStage : Fact.Of(s.Stage)),
            Extensions = extensions.Then(all =>
                Fact.Of<IReadOnlyList<string>>([.. all.Where(e => e.Name != "schematic").Select(e => e.Name)])
            ),
            SchematicId = extensions.Then<string>(all => all.FirstOrDefault(e => e.Name == "schematic")?.Version ?? ""),

            // An installed node has some always; none at all is a list that is not there yet.
            SealedVolumes = volumes.Then(all =>
                all.Count == 0
                    ? new FactLoss("Whether a volume is sealed to the TPM", "the node lists no volumes")
                    : Fact.Of<IReadOnlyList<string>>([.. all.Where(IsSealed).Select(v => v.Id)])
            ),
        };
    }

    private static async Task<SwapNodeFacts> BootAsync(
        Question ask,
        SwapNodeFacts facts,
        TalosNodeClient node,
        CancellationToken stop
    )
    {
        Fact<TalosSecurityState> security = await ask.TryAsync("The security state", () =>
                node.SecurityStateAsync(stop)
            )
            .ConfigureAwait(false);
        Fact<LoaderState> variables = await ask.TryAsync("The loader variables", () =>
                LoaderVariables.ReadAsync(node, stop)
            )
            .ConfigureAwait(false);
        Fact<string> entry = await ask.TryAsync("The booted entry", async () =>
                await node.BootedEntryAsync(stop).ConfigureAwait(false) ?? ""
            )
            .ConfigureAwait(false);
        return facts with
        {
            SecureBoot = security.Then<bool>(s => s.SecureBoot),
            PcrKeyFingerprint = security.Then<string>(s => s.PcrSigningKeyFingerprint),
            Variables = variables,

            // Talos before 1.10, and before 1.11, leaves these two to the loader's own variable, from which later ones take them.
            BootedWithUki = security.Then(s =>
                s.BootedWithUki is { } said ? said : Selected(variables).Then<bool>(_ => true)
            ),
            BootedEntry = entry.Then(id => id.Length > 0 ? id : Selected(variables)),
            KernelCommandLine = await ask.TryAsync("The kernel command line", () => node.KernelCommandLineAsync(stop))
                .ConfigureAwait(false),
            BootId = await ask.TryAsync("The boot id", () => node.BootIdAsync(stop)).ConfigureAwait(false),
        };
    }

    private static Fact<string> Selected(Fact<LoaderState> variables) =>
        variables.Then<string>(state =>
            state.Selected ?? (Fact<string>)new FactLoss("The booted entry", "neither Talos nor systemd-boot names one")
        );

    private static async Task<SwapNodeFacts> ConfigAsync(
        Question ask,
        SwapNodeFacts facts,
        TalosNodeClient node,
        CancellationToken stop
    )
    {
        Fact<SwapConfigFacts> active = await OneAsync("The active machine configuration", "v1alpha1")
            .ConfigureAwait(false);
        Fact<SwapConfigFacts> persistent = await OneAsync("The machine configuration on disk", "persistent")
            .ConfigureAwait(false);
        return facts with
        {
            ServiceConfigActive = active.Then<bool>(c => c.ServiceConfig),
            ServiceConfigPersistent = persistent.Then<bool>(c => c.ServiceConfig),
            NodeSubnets = active.Then<bool>(c => c.NodeSubnets),
            NodeSubnetsPlace = active.TryGet(out SwapConfigFacts? read)
                ? read.NodeSubnetsPlace
                : facts.NodeSubnetsPlace,
            EtcdSubnets = active.Then<bool>(c => c.EtcdSubnets),
            LeavesLan = active.Then(a => persistent.Then<bool>(p => a.LeavesLan && p.LeavesLan)),
            LansInTailnetRange = await ask.TryAsync("The links and their addresses", async () =>
                    (await node.TailnetAddressesAsync(stop).ConfigureAwait(false)).LansInRange
                )
                .ConfigureAwait(false),
        };

        Task<Fact<SwapConfigFacts>> OneAsync(string name, string id) =>
            ask.TryAsync(name, async () =>
                SwapConfigFacts.Read((await node.MachineConfigAsync(id, stop).ConfigureAwait(false)).Text)
            );
    }

    private static async Task<SwapNodeFacts> ClusterAsync(
        Question ask,
        SwapNodeFacts facts,
        TalosNodeClient node,
        KubernetesConnection? kubernetes,
        CancellationToken stop
    )
    {
        Fact<EtcdHealth> etcd = await ask.TryAsync("The health of etcd", () => EtcdHealth.ReadAsync(node, stop))
            .ConfigureAwait(false);
        Fact<IReadOnlyList<KubernetesNodeState>> others = kubernetes is null
            ? new FactLoss(
                "Which control planes are Ready",
                "there is no connection to Kubernetes",
                "Give a kubeconfig with -KubeConfig."
            )
            : await OtherControlPlanesAsync(ask, node, kubernetes, stop).ConfigureAwait(false);
        return facts with
        {
            Etcd = etcd.Then<EtcdVotes>(health => health.Votes),
            OtherControlPlanes = others.Then<int>(all => all.Count),
            OtherReadyControlPlanes = others.Then<int>(all => all.Count(n => n.Ready)),
        };
    }

    private static async Task<Fact<IReadOnlyList<KubernetesNodeState>>> OtherControlPlanesAsync(
        Question ask,
        TalosNodeClient node,
        KubernetesConnection kubernetes,
        CancellationToken stop
    )
    {
        Fact<string> self = await ask.TryAsync("The node's name in Kubernetes", async () =>
                await node.NodenameAsync(stop).ConfigureAwait(false) ?? ""
            )
            .ConfigureAwait(false);
        Fact<IReadOnlyList<KubernetesNodeState>> nodes = await ask.TryPeerAsync("Which control planes are Ready", () =>
                KubernetesNodes.ListAsync(kubernetes, stop)
            )
            .ConfigureAwait(false);
        return self.Then(name =>
            name.Length == 0
                ? new FactLoss("The node's name in Kubernetes", "the node has none")
                : nodes.Then(all => OtherControlPlanes(all, name))
        );
    }

    // A node that was renamed stays behind under its old name, for a while Ready still: it is the same machine.
    internal static Fact<IReadOnlyList<KubernetesNodeState>> OtherControlPlanes(
        IReadOnlyList<KubernetesNodeState> all,
        string name
    ) =>
        all.FirstOrDefault(node => node.Name == name) is { } own
            ? Fact.Of<IReadOnlyList<KubernetesNodeState>>([
                .. all.Where(node =>
                    node.ControlPlane
                    && node.Name != name
                    && (own.MachineId.Length == 0 || node.MachineId != own.MachineId)
                ),
            ])
            : new FactLoss("Which control planes are Ready", $"Kubernetes has no node '{name}', which this one is");

    private static bool IsSealed(TalosVolumeStatus volume) =>
        volume.EncryptionKeys.Any(k => k.Contains("tpm", StringComparison.OrdinalIgnoreCase));

    /// <summary>Asks, and tells what could not be had.</summary>
    private sealed class Question(string node, IReporter reporter)
    {
        internal async Task<Fact<T>> TryAsync<T>(string name, Func<Task<T>> call)
            where T : notnull => Told(await Fact.AskAsync(name, call).ConfigureAwait(false));

        internal async Task<Fact<T>> TryPeerAsync<T>(string name, Func<Task<T>> call)
            where T : notnull => Told(await Fact.AskPeerAsync(name, call).ConfigureAwait(false));

        private Fact<T> Told<T>(Fact<T> fact)
            where T : notnull
        {
            if (fact.Loss is { } loss)
                reporter.Verbose($"{node}: {loss}.");
            return fact;
        }
    }
}
