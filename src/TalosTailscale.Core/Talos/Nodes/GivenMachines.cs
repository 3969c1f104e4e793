namespace TalosTailscale.Core.Talos;

/// <summary>Tells which of the nodes that were given are one machine: by two addresses of it, or two spellings of one.</summary>
public static class GivenMachines
{
    private static readonly TimeSpan s_call = TimeSpan.FromSeconds(10);

    /// <summary>Asks the nodes for their identities, all at once.</summary>
    /// <param name="client">The cluster's Talos API.</param>
    /// <param name="nodes">The nodes.</param>
    /// <param name="cancellation">Cancels the calls.</param>
    /// <returns>
    /// For each address the node that was given first of the same machine. One that does not say who it is counts as a
    /// machine of its own.
    /// </returns>
    public static async Task<IReadOnlyDictionary<string, TsNode>> FirstAsync(
        TalosClient client,
        IEnumerable<TsNode> nodes,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(nodes);
        TsNode[] all = [.. nodes.DistinctBy(node => node.Address)];
        Fact<string>[] identities =
            all.Length < 2
                ? new Fact<string>[all.Length]
                : await Task.WhenAll(all.Select(AskAsync)).ConfigureAwait(false);
        var machines = new Dictionary<string, TsNode>(StringComparer.Ordinal);
        var first = new Dictionary<string, TsNode>(StringComparer.Ordinal);
        foreach ((TsNode node, Fact<string> identity) in all.Zip(identities))
        {
            bool known = identity.TryGet(out string? id) && id.Length > 0;
            first[node.Address] = known && !machines.TryAdd(id!, node) ? machines[id!] : node;
        }

        return first;

        Task<Fact<string>> AskAsync(TsNode node) =>
            Fact.AskPeerAsync("The identity", async () =>
                await client.Node(node.Address, node.Name).With(s_call).NodeIdAsync(cancellation).ConfigureAwait(false)
                ?? ""
            );
    }
}
