namespace TalosTailscale.Core.Talos;

/// <summary>How one member of etcd is, by the word of its own node.</summary>
/// <param name="Member">The member.</param>
/// <param name="Trouble">What is wrong, after its name in a sentence; null where it takes part and its machine runs.</param>
internal sealed record EtcdMemberHealth(TalosEtcdMember Member, string? Trouble)
{
    /// <inheritdoc/>
    public override string ToString() => $"'{Member.Hostname}' ({Member.IdHex}) {Trouble ?? "is healthy"}";
}

/// <summary>
/// What all members of etcd said, asked at once: whether one may stop and whether all are healthy are questions to this.
/// </summary>
/// <param name="Members">All members, learners too.</param>
/// <param name="Own">The id of the member of the node that was asked; no name decides which that is.</param>
internal sealed record EtcdHealth(IReadOnlyList<EtcdMemberHealth> Members, ulong Own)
{
    /// <summary>How many members vote.</summary>
    internal int Voters => Members.Count(one => !one.Member.IsLearner);

    /// <summary>The voting members without the node's own.</summary>
    internal IEnumerable<EtcdMemberHealth> Others =>
        Members.Where(one => !one.Member.IsLearner && one.Member.Id != Own);

    /// <summary>How many of them take part.</summary>
    internal int OtherHealthyVoters => Others.Count(one => one.Trouble is null);

    /// <summary>Asks every member's own node.</summary>
    /// <exception cref="TsException">The node that is asked cannot say who the members are, or which is its own.</exception>
    internal static async Task<EtcdHealth> ReadAsync(TalosNodeClient node, CancellationToken cancellation)
    {
        IReadOnlyList<TalosEtcdMember> members = await node.EtcdMemberListAsync(cancellation).ConfigureAwait(false);
        TalosEtcdStatus own = await node.EtcdStatusAsync(cancellation).ConfigureAwait(false);
        EtcdMemberHealth[] health = await Task.WhenAll(
                members.Select(async member => new EtcdMemberHealth(
                    member,
                    await TroubleAsync(node, member, cancellation).ConfigureAwait(false)
                ))
            )
            .ConfigureAwait(false);
        return new EtcdHealth(health, own.MemberId);
    }

    private static async Task<string?> TroubleAsync(
        TalosNodeClient through,
        TalosEtcdMember member,
        CancellationToken cancellation
    )
    {
        string? trouble = "has no peer URL";
        foreach (string url in member.PeerUrls)
        {
            if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? peer))
                continue;
            TalosNodeClient other = through
                .Client.Node(peer.Host.Trim('[', ']'), member.Hostname)
                .With(TimeSpan.FromSeconds(10));
            try
            {
                trouble = Trouble(member, await other.EtcdStatusAsync(cancellation).ConfigureAwait(false))
                    ?? Trouble(await other.MachineStatusAsync(cancellation).ConfigureAwait(false));
            }
            catch (TsException exception)
            {
                trouble = $"does not answer ({exception.Message.TrimEnd('.')})";
            }

            if (trouble is null)
                return null;
        }

        return trouble;
    }

    private static string? Trouble(TalosEtcdMember member, TalosEtcdStatus status) =>
        status.MemberId != member.Id ? "is not the member that answers at its address"
        : status.Errors.FirstOrDefault(IsAlarm) is { } alarm ? Alarm(alarm)
        : status.Leader == 0 ? "knows no leader"
        : status.Errors.Count > 0 ? $"reports: {string.Join("; ", status.Errors)}"
        : null;

    // A member that was told to restart answers until its machine goes down.
    private static string? Trouble(TalosMachineStatus machine) =>
        machine.Stage == "running" ? null : $"is on a machine in stage '{machine.Stage}'";

    // etcd writes an alarm as 'memberID:1234 alarm:NOSPACE ' among the errors of its status (AlarmMember.String).
    private static bool IsAlarm(string error) => error.Contains("alarm:", StringComparison.Ordinal);

    private static string Alarm(string error)
    {
        string name = error[(error.IndexOf("alarm:", StringComparison.Ordinal) + 6)..].Trim();
        return name switch
        {
            "NOSPACE" =>
                "raises the alarm NOSPACE: the database is full and takes no writes; compact and defragment it, then disarm the alarm",
            "CORRUPT" =>
                "raises the alarm CORRUPT: its data differ from the others'; remove the member and let it join anew",
            _ => $"raises the alarm {name}",
        };
    }
}
