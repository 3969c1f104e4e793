using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using TalosTailscale.Lab.Nodes;
using TalosTailscale.Protos.Common;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Lab.Talos;

/// <summary>Images as before Talos 1.13.</summary>
internal sealed partial class LabMachineService
{
    public override Task ImageList(
        ImageListRequest request,
        IServerStreamWriter<ImageListResponse> responseStream,
        ServerCallContext context
    ) =>
        LabFanOut.StreamAsync(cluster, context, responseStream, node =>
            node.Images.List(CheckNamespace(request.Namespace))
                .Select(i => new ImageListResponse
                {
                    Name = i.Name,
                    Digest = i.Digest,
                    Size = i.Size,
                    CreatedAt = Timestamp.FromDateTimeOffset(i.CreatedAt),
                })
                .ToAsyncEnumerable()
        );

    public override Task<ImagePullResponse> ImagePull(ImagePullRequest request, ServerCallContext context) =>
        LabFanOut.UnaryAsync(cluster, context, async node =>
        {
            await PullAsync(node, CheckNamespace(request.Namespace), request.Reference, context.CancellationToken);
            return new ImagePullResponse { Messages = { new ImagePull() } };
        });

    internal static async Task<LabStoredImage> PullAsync(
        LabNode node,
        int ns,
        string reference,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await node.Images.PullPatientlyAsync(ns, reference, cancellationToken);
        }
        catch (LabPullException e)
        {
            throw LabTarget.Failure(e.NotFound ? StatusCode.NotFound : StatusCode.Unknown, e.Message);
        }
    }

    private static int CheckNamespace(ContainerdNamespace ns) =>
        ns is ContainerdNamespace.NsSystem or ContainerdNamespace.NsCri
            ? (int)ns
            : throw LabTarget.Failure(StatusCode.InvalidArgument, "invalid namespace");
}
