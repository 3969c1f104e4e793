using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Validation;

/// <summary>What the checks of the cluster need to know, asked for once, when the first check wants it.</summary>
internal sealed class ClusterFacts
{
    private readonly Lazy<Task<KubernetesConnection>> _connection;
    private readonly Lazy<Task<IReadOnlyList<KubernetesNodeState>>> _nodes;
    private readonly Lazy<Task<IReadOnlyList<TalosEtcdMember>>> _members;

    public ClusterFacts(ClusterValidationOptions options, CancellationToken cancellation)
    {
        Options = options;
        Cancellation = cancellation;
        _connection = new(() => options.Kubernetes(cancellation));
        _nodes = new(async () =>
            await KubernetesNodes
                .ListAsync(await _connection.Value.ConfigureAwait(false), cancellation)
                .ConfigureAwait(false)
        );
        _members = new(() => options.Talos.Node(null).EtcdMemberListAsync(cancellation));
    }

    public ClusterValidationOptions Options { get; }

    public CancellationToken Cancellation { get; }

    public Task<KubernetesConnection> ConnectionAsync() => _connection.Value;

    public Task<IReadOnlyList<KubernetesNodeState>> NodesAsync() => _nodes.Value;

    public Task<IReadOnlyList<TalosEtcdMember>> EtcdMembersAsync() => _members.Value;

    /// <summary>The Kubernetes node of a node of the inventory: by its name, else by its address; null when there is none.</summary>
    public async Task<KubernetesNodeState?> FindAsync(TsNode node)
    {
        var nodes = await NodesAsync().ConfigureAwait(false);
        return nodes.FirstOrDefault(one => one.Name == node.KubernetesName)
            ?? nodes.FirstOrDefault(one => one.Addresses.Contains(node.Address))
            ?? nodes.FirstOrDefault(one => one.Name == node.Name);
    }

    /// <summary>The nodes of the inventory that Kubernetes has as control planes.</summary>
    public async Task<IReadOnlyList<TsNode>> ControlPlanesAsync()
    {
        var found = new List<TsNode>();
        foreach (var node in Options.Nodes)
            if ((await FindAsync(node).ConfigureAwait(false))?.ControlPlane == true)
                found.Add(node);
        return found;
    }
}
