using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Tailnet;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Validation;

/// <summary>What the checks of the cluster need to know, asked for once, when the first check wants it.</summary>
internal sealed class ClusterFacts
{
    private static readonly TimeSpan s_call = TimeSpan.FromSeconds(15);

    private readonly Lazy<Task<(KubernetesConnection Connection, string Proof)>> _connection;
    private readonly Lazy<Task<IReadOnlyList<KubernetesNodeState>>> _nodes;
    private readonly Lazy<Task<EtcdHealth>> _etcd;
    private readonly Lazy<Task<TailnetAddresses>> _tailnet;
    private readonly Lazy<Task<IReadOnlyList<TsNode>>> _planes;
    private readonly Lazy<Task<IReadOnlyDictionary<TsNode, Fact<ulong>>>> _memberIds;

    public ClusterFacts(ClusterValidationOptions options, CancellationToken cancellation)
    {
        Options = options;
        Cancellation = cancellation;
        _connection = new(async () =>
        {
            KubernetesConnection connection = await options.Kubernetes(cancellation).ConfigureAwait(false);
            return (
                connection,
                await SameCluster.RequireAsync(options.Talos, connection, cancellation).ConfigureAwait(false)
            );
        });
        _nodes = new(async () =>
            await KubernetesNodes
                .ListAsync(await ConnectionAsync().ConfigureAwait(false), cancellation)
                .ConfigureAwait(false)
        );
        _tailnet = new(() => options.Talos.Node(null).TailnetAddressesAsync(cancellation));
        _planes = new(ReadPlanesAsync);
        _memberIds = new(ReadMemberIdsAsync);
        _etcd = new(() => EtcdHealth.ReadAsync(options.Talos.Node(null), cancellation));
    }

    public ClusterValidationOptions Options { get; }

    public CancellationToken Cancellation { get; }

    /// <summary>The connection; no check gets one that leads to another cluster than the one that Talos answers for.</summary>
    public async Task<KubernetesConnection> ConnectionAsync() =>
        (await _connection.Value.ConfigureAwait(false)).Connection;

    /// <summary>What proves that Talos and Kubernetes are one cluster.</summary>
    public async Task<string> ProofAsync() => (await _connection.Value.ConfigureAwait(false)).Proof;

    public Task<IReadOnlyList<KubernetesNodeState>> NodesAsync() => _nodes.Value;

    /// <summary>All members of etcd, each asked at its own node.</summary>
    public Task<EtcdHealth> EtcdAsync() => _etcd.Value;

    /// <summary>Which addresses are the tailnet's, by the links of the node that answers.</summary>
    public Task<TailnetAddresses> TailnetAsync() => _tailnet.Value;

    /// <summary>The Kubernetes node of a node of the inventory: by its name, else by its address; null when there is none.</summary>
    public async Task<KubernetesNodeState?> FindAsync(TsNode node)
    {
        var nodes = await NodesAsync().ConfigureAwait(false);
        return nodes.FirstOrDefault(one => one.Name == node.KubernetesName)
            ?? nodes.FirstOrDefault(one => one.Addresses.Any(own => NodeAddress.Same(own, node.Address)))
            ?? nodes.FirstOrDefault(one => one.Name == node.Name);
    }

    /// <summary>The control planes of the inventory: by their own machine type, and of those that are silent by Kubernetes.</summary>
    /// <exception cref="TsException">One is silent and Kubernetes does not know it: it may be a control plane.</exception>
    public Task<IReadOnlyList<TsNode>> ControlPlanesAsync() => _planes.Value;

    /// <summary>Which etcd member each control plane is, as it says itself; 0 for none.</summary>
    public Task<IReadOnlyDictionary<TsNode, Fact<ulong>>> EtcdMemberIdsAsync() => _memberIds.Value;

    private async Task<IReadOnlyList<TsNode>> ReadPlanesAsync()
    {
        var found = new List<TsNode>();
        foreach (var node in Options.Nodes)
        {
            if (await IsControlPlaneAsync(node).ConfigureAwait(false))
                found.Add(node);
        }

        return found;
    }

    private async Task<bool> IsControlPlaneAsync(TsNode node)
    {
        try
        {
            return await Client(node).MachineTypeAsync(Cancellation).ConfigureAwait(false)
                == TalosMachineType.ControlPlane;
        }
        catch (TsException)
        {
            if (await FindAsync(node).ConfigureAwait(false) is not { } found)
                throw;
            return found.ControlPlane;
        }
    }

    private async Task<IReadOnlyDictionary<TsNode, Fact<ulong>>> ReadMemberIdsAsync()
    {
        var found = new Dictionary<TsNode, Fact<ulong>>();
        foreach (var node in await ControlPlanesAsync().ConfigureAwait(false))
            found[node] = await Fact.AskPeerAsync("The etcd member", async () =>
                    await Client(node).EtcdMemberIdAsync(Cancellation).ConfigureAwait(false) ?? 0
                )
                .ConfigureAwait(false);
        return found;
    }

    private TalosNodeClient Client(TsNode node) => Options.Talos.Node(node.Address, node.Name).With(s_call);
}
