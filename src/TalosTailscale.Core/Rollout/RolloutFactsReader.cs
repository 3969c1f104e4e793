using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Rollout;

/// <summary>Asks the nodes, many at once, what the plan depends on. A node that does not answer is a fact too.</summary>
internal sealed class RolloutFactsReader(
    RolloutSetup setup,
    RolloutImages images,
    Func<string, RolloutMemory> memoryOf,
    bool goBack,
    IReporter reporter
)
{
    private const int Parallel = 32;

    internal async Task<IReadOnlyList<RolloutNodeFacts>> ReadAsync(
        IReadOnlyList<TsNode> nodes,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<KubernetesNodeState>? cluster = setup.Kubernetes is { } connection
            ? await KubernetesNodes.ListAsync(connection, cancellationToken).ConfigureAwait(false)
            : null;
        IReadOnlyList<TalosMember> members = await setup
            .Talos.Node(null)
            .MembersAsync(cancellationToken)
            .ConfigureAwait(false);
        var facts = new RolloutNodeFacts[nodes.Count];
        int asked = 0;
        var limit = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken };
        await System
            .Threading.Tasks.Parallel.ForAsync(0, nodes.Count, limit, async (i, stop) =>
            {
                facts[i] = await OneAsync(nodes[i], MemberOf(nodes[i], members), cluster, stop).ConfigureAwait(false);
                reporter.Progress(
                    new ProgressStep(
                        "Asking nodes",
                        null,
                        "asked",
                        Interlocked.Increment(ref asked),
                        nodes.Count,
                        Unit: "nodes"
                    )
                );
            })
            .ConfigureAwait(false);
        reporter.Progress(new ProgressStep("Asking nodes", null, "done", Completed: true));
        return facts;
    }

    // What is at its address is the node that is meant; one that has moved is known by its identity.
    private static TalosMember? MemberOf(TsNode node, IReadOnlyList<TalosMember> members) =>
        members.FirstOrDefault(m => m.Addresses.Any(one => NodeAddress.Same(one, node.Address)))
        ?? members.FirstOrDefault(m => node.NodeId is { Length: > 0 } id && m.NodeId == id);

    private async Task<RolloutNodeFacts> OneAsync(
        TsNode node,
        TalosMember? member,
        IReadOnlyList<KubernetesNodeState>? cluster,
        CancellationToken cancellationToken
    )
    {
        // A node that is down is no member for a while; the journal knows who was at its address.
        string? id = member?.NodeId is { Length: > 0 } known
            ? known
            : memoryOf(RolloutJournal.AtAddress(node.Address)).Key;
        RolloutMemory memory = memoryOf(id ?? node.Address);
        bool? controlPlane =
            member is not null ? member.MachineType != "worker"
            : memory.Key is not null ? memory.IsControlPlane
            : null;
        var silent = new RolloutNodeFacts
        {
            Node = node,
            NodeId = id,
            Architecture = node.Architecture,
            IsControlPlane = controlPlane == true,
        };
        try
        {
            silent = await AskAsync(silent, cancellationToken).ConfigureAwait(false);
        }
        catch (TsException e)
            when (e.Error.Category
                    is TsErrorCategory.ConnectionError
                        or TsErrorCategory.OperationTimeout
                        or TsErrorCategory.ResourceUnavailable
            )
        {
            reporter.Verbose($"{node.Name} does not answer: {e.Message}");
            silent = silent with { Silence = e, WantedSchematicId = memory.SchematicId };
        }

        KubernetesNodeState? state = cluster?.FirstOrDefault(n => n.Name == silent.Node.KubernetesName)
            ?? cluster?.FirstOrDefault(n => n.Addresses.Any(one => NodeAddress.Same(one, node.Address)));

        // Of a silent node that nobody knows, the stricter of the two is assumed.
        if (silent.Silence is not null)
            silent = silent with { IsControlPlane = controlPlane ?? state?.ControlPlane ?? true };
        return state is null
            ? silent
            : silent with
            {
                Node = silent.Node with { KubernetesName = state.Name },
                InKubernetes = true,
                CordonedHere = state.CordonedHere,
            };
    }

    private async Task<RolloutNodeFacts> AskAsync(RolloutNodeFacts facts, CancellationToken cancellationToken)
    {
        TsNode node = facts.Node;
        TalosNodeClient client = setup.Talos.Node(node.Address, node.Name);
        TalosVersion version = await client.VersionAsync(cancellationToken).ConfigureAwait(false);
        TalosMachineStatus status = await client.MachineStatusAsync(cancellationToken).ConfigureAwait(false);
        TalosSecurityState security = await client.SecurityStateAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<TalosExtension> extensions = await client
            .ExtensionsAsync(cancellationToken)
            .ConfigureAwait(false);
        string commandLine = await client.KernelCommandLineAsync(cancellationToken).ConfigureAwait(false);
        TalosBootMark boot = await TalosBootMark.TakeAsync(client, cancellationToken).ConfigureAwait(false);
        string? running = extensions.FirstOrDefault(e => e.Name == "schematic")?.Version;
        string? id = boot.NodeId ?? facts.NodeId;
        RolloutMemory memory = memoryOf(id ?? node.Address);
        bool controlPlane =
            await client.MachineTypeAsync(cancellationToken).ConfigureAwait(false) == TalosMachineType.ControlPlane;
        string? wanted = goBack ? memory.PreviousSchematicId : images.WantedId(node.Name, extensions);
        return facts with
        {
            Node = node with
            {
                KubernetesName = await client.NodenameAsync(cancellationToken).ConfigureAwait(false)
                    ?? node.KubernetesName,
            },
            NodeId = id,
            BootId = boot.BootId,
            IsControlPlane = controlPlane,
            IsOnlyEtcdVoter = controlPlane && await IsOnlyVoterAsync(client, cancellationToken).ConfigureAwait(false),

            // A boot that waits for an extension's configuration has come far enough to be asked.
            IsRunning = status.Stage is "running" or "booting",
            Architecture = version.Architecture,
            TalosVersion = version.Tag,
            BootedWithUki = security.BootedWithUki == true,
            SecureBoot =
                security.SecureBoot
                || security.PcrSigningKeyFingerprint.Length > 0
                || commandLine.Split(' ').Contains("lockdown=confidentiality"),
            SchematicId = running,
            WantedSchematicId = wanted,
            RunsWanted = goBack ? running == wanted : running == wanted && extensions.Any(e => e.Name == "tailscale"),
        };
    }

    // Where etcd cannot tell, nobody is asked: the restart then refuses, or tells what is missing.
    private static async Task<bool> IsOnlyVoterAsync(TalosNodeClient client, CancellationToken cancellationToken)
    {
        Fact<bool> only = await Fact.AskAsync("The members of etcd", () =>
                EtcdHealth.IsOnlyVoterAsync(client, cancellationToken)
            )
            .ConfigureAwait(false);
        return only.TryGet(out bool alone) && alone;
    }
}
