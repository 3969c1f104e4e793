using TalosTailscale.Core.Inventory;

namespace TalosTailscale.Core.Talos;

/// <summary>What tells one boot of a node from the next, and the node from another one. Taken before a restart.</summary>
/// <param name="BootId">The kernel's boot id; null where the role does not allow to read it.</param>
/// <param name="BootTime">When the boot began.</param>
/// <param name="NodeId">The machine's identity.</param>
/// <param name="Hostname">Its host name.</param>
public sealed record TalosBootMark(string? BootId, DateTimeOffset? BootTime, string? NodeId, string? Hostname)
{
    /// <summary>
    /// The address at which the node was asked, where the cluster knew the machine by it; null for a name, an address of the
    /// tailnet, and without discovery. Only from such a one can a machine be seen to have moved.
    /// </summary>
    public string? MemberAddress { get; init; }

    // btime is now minus uptime: it moves by a second or so when the clock is corrected.
    private static readonly TimeSpan s_jitter = TimeSpan.FromSeconds(5);

    /// <summary>Reads the mark of the boot that runs.</summary>
    /// <param name="node">The node.</param>
    /// <param name="cancellation">Cancels the calls.</param>
    /// <returns>The mark.</returns>
    public static async Task<TalosBootMark> TakeAsync(TalosNodeClient node, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(node);
        TalosBootMark mark = await LookAsync(node, cancellation).ConfigureAwait(false);
        if (node.Address is not { } address || mark.NodeId is null)
            return mark;
        Fact<IReadOnlyList<TalosMember>> members = await Fact.AskPeerAsync("The machines of the cluster", () =>
                node.MembersAsync(cancellation)
            )
            .ConfigureAwait(false);
        bool known =
            members.TryGet(out IReadOnlyList<TalosMember>? all)
            && all.Any(one => one.NodeId == mark.NodeId && one.Addresses.Any(own => NodeAddress.Same(own, address)));
        return known ? mark with { MemberAddress = address } : mark;
    }

    /// <summary>Reads what a look after the restart is held against: without <see cref="MemberAddress"/>.</summary>
    internal static async Task<TalosBootMark> LookAsync(TalosNodeClient node, CancellationToken cancellation)
    {
        (string? id, DateTimeOffset? time) = await BootAsync(node, cancellation).ConfigureAwait(false);
        return new TalosBootMark(
            id,
            time,
            await node.NodeIdAsync(cancellation).ConfigureAwait(false),
            await node.HostnameAsync(cancellation).ConfigureAwait(false)
        );
    }

    /// <summary>True if <paramref name="now"/> is another boot than this one.</summary>
    /// <param name="now">A later mark.</param>
    /// <returns>True if the node has restarted in between.</returns>
    public bool IsOtherBoot(TalosBootMark now)
    {
        ArgumentNullException.ThrowIfNull(now);
        if (BootId is not null && now.BootId is not null)
            return BootId != now.BootId;
        return BootTime is { } before && now.BootTime is { } after && after - before > s_jitter;
    }

    internal static async Task<(string? Id, DateTimeOffset? Time)> BootAsync(
        TalosNodeClient node,
        CancellationToken cancellation
    )
    {
        string? id = null;
        try
        {
            id = await node.BootIdAsync(cancellation).ConfigureAwait(false);
        }
        catch (TsException e) when (e.Error == TalosErrors.TalosRoleMissing)
        {
            // Readers may not read files; the boot time has to do.
        }

        return (id, await node.BootTimeAsync(cancellation).ConfigureAwait(false));
    }
}
