using System.Globalization;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Core.Talos;

/// <content>etcd; control plane nodes only.</content>
public sealed partial class TalosNodeClient
{
    /// <summary>The members of the etcd cluster.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The members.</returns>
    public async Task<IReadOnlyList<TalosEtcdMember>> EtcdMemberListAsync(CancellationToken cancellation = default)
    {
        EtcdMemberListResponse answer = await _caller
            .UnaryAsync(
                TalosCall.Read("EtcdMemberList"),
                (invoker, options) => Machine(invoker).EtcdMemberListAsync(new EtcdMemberListRequest(), options),
                cancellation
            )
            .ConfigureAwait(false);
        EtcdMembers list = Single(answer.Messages, "EtcdMemberList");
        if (Failure(list.Metadata, "EtcdMemberList") is { } failure)
            throw failure;
        return
        [
            .. list.Members.Select(member => new TalosEtcdMember
            {
                Node = Node,
                Id = member.Id,
                Hostname = member.Hostname,
                PeerUrls = [.. member.PeerUrls],
                ClientUrls = [.. member.ClientUrls],
                IsLearner = member.IsLearner,
            }),
        ];
    }

    /// <summary>The id by which etcd knows this node.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The id; null where the node is no member: a worker, or a control plane that has not joined yet.</returns>
    public async Task<ulong?> EtcdMemberIdAsync(CancellationToken cancellation = default)
    {
        string? text = await TextAsync(TalosTypes.EtcdMember, "local", "memberID", cancellation).ConfigureAwait(false);
        if (text is null)
            return null;
        return ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong id)
            ? id
            : throw TalosErrors.TalosProtocolViolation.New(
                $"The etcd member id of '{Node}' is '{text}'; expected hexadecimal digits.",
                Node
            );
    }

    /// <summary>The state of etcd on this node.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The state.</returns>
    public async Task<TalosEtcdStatus> EtcdStatusAsync(CancellationToken cancellation = default)
    {
        EtcdStatusResponse answer = await _caller
            .UnaryAsync(
                TalosCall.Read("EtcdStatus"),
                (invoker, options) => Machine(invoker).EtcdStatusAsync(Nothing, options),
                cancellation
            )
            .ConfigureAwait(false);
        EtcdStatus one = Single(answer.Messages, "EtcdStatus");
        if (Failure(one.Metadata, "EtcdStatus") is { } failure)
            throw failure;
        EtcdMemberStatus status = one.MemberStatus ?? new EtcdMemberStatus();
        return new TalosEtcdStatus
        {
            Node = Node,
            MemberId = status.MemberId,
            Leader = status.Leader,
            IsLearner = status.IsLearner,
            RaftIndex = status.RaftIndex,
            RaftAppliedIndex = status.RaftAppliedIndex,
            RaftTerm = status.RaftTerm,
            DbSize = status.DbSize,
            DbSizeInUse = status.DbSizeInUse,
            ProtocolVersion = status.ProtocolVersion,
            Errors = [.. status.Errors],
        };
    }

    /// <summary>Removes a dead member. A live node leaves by <see cref="EtcdLeaveClusterAsync"/>.</summary>
    /// <param name="memberId">The member.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>When done.</returns>
    public async Task EtcdRemoveMemberAsync(ulong memberId, CancellationToken cancellation = default)
    {
        var request = new EtcdRemoveMemberByIDRequest { MemberId = memberId };
        EtcdRemoveMemberByIDResponse answer = await _caller
            .UnaryAsync(
                TalosCall.Change("EtcdRemoveMemberByID", TalosCall.Admin),
                (invoker, options) => Machine(invoker).EtcdRemoveMemberByIDAsync(request, options),
                cancellation
            )
            .ConfigureAwait(false);
        if (Failure(Single(answer.Messages, "EtcdRemoveMemberByID").Metadata, "EtcdRemoveMemberByID") is { } failure)
            throw failure;
    }

    /// <summary>Gives up leadership, if this node leads.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The new leader's name; empty if this node did not lead.</returns>
    public async Task<string> EtcdForfeitLeadershipAsync(CancellationToken cancellation = default)
    {
        EtcdForfeitLeadershipResponse answer = await _caller
            .UnaryAsync(
                TalosCall.Change("EtcdForfeitLeadership", TalosCall.Admin),
                (invoker, options) =>
                    Machine(invoker).EtcdForfeitLeadershipAsync(new EtcdForfeitLeadershipRequest(), options),
                cancellation
            )
            .ConfigureAwait(false);
        EtcdForfeitLeadership result = Single(answer.Messages, "EtcdForfeitLeadership");
        return Failure(result.Metadata, "EtcdForfeitLeadership") is { } failure ? throw failure : result.Member;
    }

    /// <summary>Takes this node out of the etcd cluster.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>When done.</returns>
    public async Task EtcdLeaveClusterAsync(CancellationToken cancellation = default)
    {
        EtcdLeaveClusterResponse answer = await _caller
            .UnaryAsync(
                TalosCall.Change("EtcdLeaveCluster", TalosCall.Admin),
                (invoker, options) => Machine(invoker).EtcdLeaveClusterAsync(new EtcdLeaveClusterRequest(), options),
                cancellation
            )
            .ConfigureAwait(false);
        if (Failure(Single(answer.Messages, "EtcdLeaveCluster").Metadata, "EtcdLeaveCluster") is { } failure)
            throw failure;
    }
}
