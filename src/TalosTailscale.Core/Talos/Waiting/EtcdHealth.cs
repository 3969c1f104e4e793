using System.Globalization;

namespace TalosTailscale.Core.Talos;

/// <summary>How one member of etcd is, by the word of its own node.</summary>
/// <param name="Member">The member.</param>
/// <param name="Trouble">What is wrong, after its name in a sentence; null where it takes part and its machine runs.</param>
internal sealed record EtcdMemberHealth(TalosEtcdMember Member, string? Trouble)
{
    /// <summary>What the node at its address said of itself, this member or not; null where none answered.</summary>
    internal TalosEtcdStatus? Status { get; init; }

    /// <summary>Whether the node at its address answers as this member, well or not.</summary>
    internal bool Answers => Status?.MemberId == Member.Id;

    /// <summary>Whether it votes, by the list of members or by its own word: etcd has let the two differ (etcd-io/etcd#19557).</summary>
    internal bool Votes { get; init; } = !Member.IsLearner;

    /// <summary>Whether it can agree to a change of the members, which an alarm does not hinder.</summary>
    internal bool Agrees { get; init; } = Trouble is null;

    /// <inheritdoc/>
    public override string ToString() => $"{Name(Member)} {Trouble ?? "is healthy"}";

    /// <summary>For people. A member has no name before it starts for the first time.</summary>
    internal static string Name(TalosEtcdMember member) =>
        member.Hostname.Length > 0 ? $"'{member.Hostname}' ({member.IdHex})" : $"({member.IdHex}, never started)";
}

/// <summary>
/// What all members of etcd said, asked at once: whether one may stop and whether all are healthy are questions to this.
/// </summary>
/// <param name="Members">All members, learners too.</param>
/// <param name="Own">The id of the member of the node that was asked; no name decides which that is.</param>
internal sealed record EtcdHealth(IReadOnlyList<EtcdMemberHealth> Members, ulong Own)
{
    /// <summary>How many members vote.</summary>
    internal int Voters => Members.Count(one => one.Votes);

    /// <summary>The voting members without the node's own.</summary>
    internal IEnumerable<EtcdMemberHealth> Others => Members.Where(one => one.Votes && one.Member.Id != Own);

    /// <summary>The members whose nodes say that this one leads.</summary>
    internal IEnumerable<EtcdMemberHealth> LedBy(ulong member) => Members.Where(one => one.Status?.Leader == member);

    /// <summary>The votes, for the restart of the node that was asked.</summary>
    internal EtcdVotes Votes => new(Voters, Others.Count(), Others.Count(one => one.Trouble is null));

    /// <summary>Whether no other member votes than the node's own, however the others are.</summary>
    /// <exception cref="TsException">The node cannot say who the members are, or which is its own.</exception>
    internal static async Task<bool> IsOnlyVoterAsync(TalosNodeClient node, CancellationToken cancellation)
    {
        IReadOnlyList<TalosEtcdMember> members = await node.EtcdMemberListAsync(cancellation).ConfigureAwait(false);
        TalosEtcdStatus own = await node.EtcdStatusAsync(cancellation).ConfigureAwait(false);
        return members.Any(member => member.Id == own.MemberId)
            && !members.Any(member => !member.IsLearner && member.Id != own.MemberId);
    }

    /// <summary>Asks every member's own node.</summary>
    /// <exception cref="TsException">
    /// The node that is asked cannot say who the members are, or is none of them: <see cref="TalosErrors.EtcdMemberUnknown"/>.
    /// </exception>
    internal static async Task<EtcdHealth> ReadAsync(TalosNodeClient node, CancellationToken cancellation)
    {
        IReadOnlyList<TalosEtcdMember> members = await node.EtcdMemberListAsync(cancellation).ConfigureAwait(false);
        TalosEtcdStatus own = await node.EtcdStatusAsync(cancellation).ConfigureAwait(false);
        if (!members.Any(member => member.Id == own.MemberId))
        {
            throw TalosErrors.EtcdMemberUnknown.New(
                $"'{node.Node}' is the etcd member {own.MemberId:x16} by its own word, which is none of the members: "
                    + $"{string.Join(", ", members.Select(EtcdMemberHealth.Name))}.",
                node.Node
            );
        }

        EtcdMemberHealth[] health = await Task.WhenAll(
                members.Select(member => AskAsync(node, member, members, cancellation))
            )
            .ConfigureAwait(false);
        return new EtcdHealth(health, own.MemberId);
    }

    // A member has as many peer URLs as it has addresses: the first one where it is well will do.
    private static async Task<EtcdMemberHealth> AskAsync(
        TalosNodeClient through,
        TalosEtcdMember member,
        IReadOnlyList<TalosEtcdMember> members,
        CancellationToken cancellation
    )
    {
        var health = new EtcdMemberHealth(member, "has no peer URL that can be read");
        foreach (string url in member.PeerUrls)
        {
            if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? peer) || peer.Host.Length == 0)
                continue;
            TalosNodeClient other = through
                .Client.Node(peer.Host.Trim('[', ']'), member.Hostname.Length > 0 ? member.Hostname : null)
                .With(TimeSpan.FromSeconds(10));
            EtcdMemberHealth found = await AskAtAsync(other, member, members, cancellation).ConfigureAwait(false);
            if (found.Trouble is null)
                return found;
            health = health.Answers ? health : found;
        }

        return health;
    }

    private static async Task<EtcdMemberHealth> AskAtAsync(
        TalosNodeClient node,
        TalosEtcdMember member,
        IReadOnlyList<TalosEtcdMember> members,
        CancellationToken cancellation
    )
    {
        TalosEtcdStatus? status = null;
        bool votes = !member.IsLearner;
        try
        {
            status = await node.EtcdStatusAsync(cancellation).ConfigureAwait(false);
            votes |= status.MemberId == member.Id && !status.IsLearner;
            string? alone = Trouble(member, status)
                ?? Trouble(await node.MachineStatusAsync(cancellation).ConfigureAwait(false));
            return new EtcdMemberHealth(member, alone ?? Alarm(member, status, members))
            {
                Status = status,
                Votes = votes,
                Agrees = alone is null,
            };
        }
        catch (TsException exception)
        {
            return new EtcdMemberHealth(member, $"does not answer ({exception.Message.TrimEnd('.')})")
            {
                Status = status,
                Votes = votes,
            };
        }
    }

    private static string? Trouble(TalosEtcdMember member, TalosEtcdStatus status) =>
        status.MemberId != member.Id ? "is not the member that answers at its address"
        : status.Leader == 0 ? "knows no leader"
        : status.IsLearner != member.IsLearner
            ? $"only learns by {(status.IsLearner ? "its own word" : "the list of members")} and votes by "
                + $"{(status.IsLearner ? "the list of members" : "its own word")}"
        : status.Errors.Where(error => !IsAlarm(error)).ToArray() is { Length: > 0 } errors
            ? $"reports: {string.Join("; ", errors)}"
        : null;

    // A member that was told to restart answers until its machine goes down.
    private static string? Trouble(TalosMachineStatus machine) =>
        machine.Stage == "running" ? null : $"is on a machine in stage '{machine.Stage}'";

    // etcd writes an alarm as 'memberID:1234 alarm:NOSPACE ' among the errors of its status (AlarmMember.String).
    private static bool IsAlarm(string error) => error.Contains("alarm:", StringComparison.Ordinal);

    // Every member's status lists the alarms of all of them (etcd v3rpc/maintenance.go): whose it is, the id says.
    private static string? Alarm(TalosEtcdMember member, TalosEtcdStatus status, IReadOnlyList<TalosEtcdMember> members)
    {
        string[] alarms = [.. status.Errors.Where(IsAlarm)];
        if (alarms.Length == 0)
            return null;
        string error = alarms.FirstOrDefault(one => Raised(one) == member.Id) ?? alarms[0];
        string name = error[(error.IndexOf("alarm:", StringComparison.Ordinal) + 6)..].Trim();
        string advice = name switch
        {
            "NOSPACE" => ": the database is full and takes no writes; compact and defragment it, then disarm the alarm",
            "CORRUPT" => ": its data differ from the others'; switch its node off, remove the member "
                + "(Remove-TalosEtcdMember -Force) and let it join anew",
            _ => "",
        };
        return Raised(error) is not { } id || id == member.Id ? $"raises the alarm {name}{advice}"
            : members.FirstOrDefault(one => one.Id == id) is { } other
                ? $"is held up by the alarm {name} of {EtcdMemberHealth.Name(other)}"
            : $"is held up by the alarm {name} of the member {id:x16}, which is gone: disarm it";
    }

    private static ulong? Raised(string alarm) =>
        alarm
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .FirstOrDefault(part => part.StartsWith("memberID:", StringComparison.Ordinal))
            is { } part
        && ulong.TryParse(part["memberID:".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out ulong id)
            ? id
            : null;
}
