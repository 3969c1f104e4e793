using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using TalosTailscale.Lab.Nodes;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Lab.Talos;

/// <summary>etcd, on control planes only.</summary>
internal sealed partial class LabMachineService
{
    public override Task<EtcdMemberListResponse> EtcdMemberList(
        EtcdMemberListRequest request,
        ServerCallContext context
    ) => LabFanOut.Unary(cluster, context, node =>
        {
            ControlPlane(node, "member list");
            var message = new EtcdMembers();
            foreach (var member in cluster.Etcd.Members)
            {
                message.LegacyMembers.Add(member.Hostname);
                message.Members.Add(
                    new EtcdMember
                    {
                        Id = member.Id,
                        Hostname = member.Hostname,
                        PeerUrls = { member.OtherPeerUrls.Append(member.PeerUrl) },
                        ClientUrls = { member.ClientUrl },
                        IsLearner = member.IsLearner,
                    }
                );
            }

            return new EtcdMemberListResponse { Messages = { message } };
        });

    public override Task<EtcdRemoveMemberByIDResponse> EtcdRemoveMemberByID(
        EtcdRemoveMemberByIDRequest request,
        ServerCallContext context
    ) => LabFanOut.Unary(cluster, context, node =>
        {
            ControlPlane(node, "member removal");
            if (cluster.Etcd.Leader == 0)
                throw LabTarget.Failure(StatusCode.Unknown, "failed to remove member: etcdserver: no leader");
            if (!cluster.Etcd.Remove(request.MemberId))
                throw LabTarget.Failure(StatusCode.NotFound, "etcdserver: member not found");
            return new EtcdRemoveMemberByIDResponse { Messages = { new EtcdRemoveMemberByID() } };
        });

    public override Task<EtcdLeaveClusterResponse> EtcdLeaveCluster(
        EtcdLeaveClusterRequest request,
        ServerCallContext context
    ) => LabFanOut.Unary(cluster, context, node =>
        {
            ControlPlane(node, "leave");
            if (cluster.Etcd.MemberOf(node) is { } member)
                cluster.Etcd.Remove(member.Id);
            node.Change(n => LabBoot.SetService(n, "etcd", "Finished", "Service finished successfully", null));
            return new EtcdLeaveClusterResponse { Messages = { new EtcdLeaveCluster() } };
        });

    public override Task<EtcdForfeitLeadershipResponse> EtcdForfeitLeadership(
        EtcdForfeitLeadershipRequest request,
        ServerCallContext context
    ) => LabFanOut.Unary(cluster, context, node =>
        {
            ControlPlane(node, "leadership forfeit");
            return new EtcdForfeitLeadershipResponse
            {
                Messages = { new EtcdForfeitLeadership { Member = cluster.Etcd.Forfeit(node) } },
            };
        });

    public override Task<EtcdStatusResponse> EtcdStatus(Empty request, ServerCallContext context) =>
        LabFanOut.Unary(cluster, context, node =>
        {
            ControlPlane(node, "status");
            var member = cluster.Etcd.MemberOf(node)
                ?? throw LabTarget.Failure(StatusCode.Unknown, "etcd is not running");
            var index = 100_000UL + (ulong)node.Events.Count;
            var status = new EtcdMemberStatus
            {
                MemberId = member.OwnWord?.Id ?? member.Id,
                IsLearner = member.OwnWord?.IsLearner ?? member.IsLearner,
                Leader = cluster.Etcd.Leader,
                ProtocolVersion = "3.6.7",
                StorageVersion = "3.6.0",
                DbSize = 24L << 20,
                DbSizeInUse = 12L << 20,
                RaftTerm = 7,
                RaftIndex = index,
                RaftAppliedIndex = index,
            };
            if (status.Leader == 0)
                status.Errors.Add("etcdserver: no leader");

            // As etcd's AlarmMember prints itself, the blank at its end included; every member tells of all alarms.
            foreach (var (id, alarm) in cluster.Etcd.Alarms)
                status.Errors.Add($"memberID:{id} alarm:{alarm} ");
            return new EtcdStatusResponse { Messages = { new EtcdStatus { MemberStatus = status } } };
        });

    private static void ControlPlane(LabNode node, string what)
    {
        if (!node.IsControlPlane)
            throw LabTarget.Failure(StatusCode.Unimplemented, $"{what} is only available on control plane nodes");
    }
}
