namespace TalosTailscale.Core.Talos;

/// <summary>Which member of etcd each control plane of a cluster is, by its own word.</summary>
internal static class EtcdMachines
{
    private const string Name = "The etcd member";
    private static readonly TimeSpan s_call = TimeSpan.FromSeconds(10);

    /// <summary>Asks the control planes, all at once.</summary>
    /// <returns>Each with its member's id, or why that is not known: the machine is silent, or names none.</returns>
    internal static async Task<IReadOnlyList<(TalosMember Machine, Fact<ulong> Id)>> AskAsync(
        TalosClient client,
        IEnumerable<TalosMember> machines,
        CancellationToken cancellation
    ) =>
        await Task.WhenAll(
                machines
                    .Where(machine => machine.MachineType != "worker")
                    .Select(async machine =>
                        (machine, await AskAsync(client, machine, cancellation).ConfigureAwait(false))
                    )
            )
            .ConfigureAwait(false);

    // A machine has several addresses: one where it answers will do.
    private static async Task<Fact<ulong>> AskAsync(
        TalosClient client,
        TalosMember machine,
        CancellationToken cancellation
    )
    {
        Fact<ulong>[] answers = await Task.WhenAll(
                machine.Addresses.Select(address =>
                    AskAtAsync(client.Node(address, machine.Hostname).With(s_call), machine, cancellation)
                )
            )
            .ConfigureAwait(false);
        return answers.Length == 0
            ? new FactLoss(Name, "the machine has no address")
            : answers.OrderBy(answer => answer.Loss is not null).First();
    }

    // An address may be another machine's by now.
    private static async Task<Fact<ulong>> AskAtAsync(
        TalosNodeClient node,
        TalosMember machine,
        CancellationToken cancellation
    )
    {
        Fact<string> identity = await Fact.AskPeerAsync(Name, async () =>
                await node.NodeIdAsync(cancellation).ConfigureAwait(false) ?? ""
            )
            .ConfigureAwait(false);
        if (identity.Loss is { } silent)
            return silent;
        if (!identity.TryGet(out string? id) || id != machine.NodeId)
            return new FactLoss(Name, $"another machine answers at '{node.Address}'");
        Fact<ulong> member = await Fact.AskPeerAsync(Name, async () =>
                await node.EtcdMemberIdAsync(cancellation).ConfigureAwait(false) ?? 0
            )
            .ConfigureAwait(false);
        return member.Then<ulong>(own =>
            own == 0 ? new FactLoss(Name, "the machine names none; its etcd may not have started yet") : own
        );
    }
}
