using System.Security.Cryptography;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using TalosTailscale.Lab.Nodes;
using TalosTailscale.Protos.Common;
using TalosTailscale.Protos.Machine;
using Layer = TalosTailscale.Protos.Machine.ImageServicePullLayerProgress;

namespace TalosTailscale.Lab.Talos;

/// <summary><c>machine.ImageService</c>, since Talos 1.13.</summary>
internal sealed class LabImageService(LabCluster cluster) : ImageService.ImageServiceBase
{
    public override async Task List(
        ImageServiceListRequest request,
        IServerStreamWriter<ImageServiceListResponse> responseStream,
        ServerCallContext context
    )
    {
        foreach (var image in Node(context).Images.List(Namespace(request.Containerd)))
        {
            await responseStream.WriteAsync(
                new ImageServiceListResponse
                {
                    Name = image.Name,
                    Digest = image.Digest,
                    Size = image.Size,
                    CreatedAt = Timestamp.FromDateTimeOffset(image.CreatedAt),
                },
                context.CancellationToken
            );
        }
    }

    public override async Task Pull(
        ImageServicePullRequest request,
        IServerStreamWriter<ImageServicePullResponse> responseStream,
        ServerCallContext context
    )
    {
        var node = Node(context);
        var ns = Namespace(request.Containerd);
        if (node.Images.Find(ns, request.ImageRef) is null)
        {
            var pulled = await LabMachineService.PullAsync(node, ns, request.ImageRef, context.CancellationToken);
            foreach (
                var (status, offset) in new[]
                {
                    (Layer.Types.Status.Downloading, pulled.Size / 2),
                    (Layer.Types.Status.DownloadComplete, pulled.Size),
                    (Layer.Types.Status.ExtractComplete, pulled.Size),
                }
            )
            {
                var progress = new Layer
                {
                    Status = status,
                    Offset = offset,
                    Total = pulled.Size,
                    Elapsed = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(1)),
                };
                await responseStream.WriteAsync(
                    new ImageServicePullResponse
                    {
                        PullProgress = new ImageServicePullProgress { LayerId = pulled.Digest, Progress = progress },
                    },
                    context.CancellationToken
                );
            }
        }

        var image = node.Images.Find(ns, request.ImageRef)!;
        await responseStream.WriteAsync(
            new ImageServicePullResponse { Name = Pinned(image) },
            context.CancellationToken
        );
    }

    public override Task<Empty> Remove(ImageServiceRemoveRequest request, ServerCallContext context)
    {
        if (!Node(context).Images.Remove(Namespace(request.Containerd), request.ImageRef))
            throw LabTarget.Failure(StatusCode.NotFound, $"image \"{request.ImageRef}\": not found");
        return Task.FromResult(new Empty());
    }

    public override async Task<ImageServiceImportResponse> Import(
        IAsyncStreamReader<ImageServiceImportRequest> requestStream,
        ServerCallContext context
    )
    {
        if (
            !await requestStream.MoveNext(context.CancellationToken)
            || requestStream.Current.Containerd is not { } instance
        )
            throw LabTarget.Failure(StatusCode.InvalidArgument, "containerd instance is required");
        using var archive = new MemoryStream();
        while (await requestStream.MoveNext(context.CancellationToken))
        {
            var chunk = requestStream.Current.ImageChunk
                ?? throw LabTarget.Failure(StatusCode.Unknown, "no image chunk");
            chunk.Bytes.WriteTo(archive);
        }

        archive.Position = 0;
        var name = LabImageArchive.NameOf(archive)
            ?? throw LabTarget.Failure(StatusCode.Unknown, "unrecognized image format");
        var digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(archive.ToArray()));
        Node(context).Images.Add(Namespace(instance), name, digest, archive.Length);
        return new ImageServiceImportResponse { Name = name };
    }

    // No rule is for any image: the machine configs of the lab have no ImageVerificationConfig.
    public override Task<ImageServiceVerifyResponse> Verify(
        ImageServiceVerifyRequest request,
        ServerCallContext context
    )
    {
        Node(context);
        return Task.FromResult(new ImageServiceVerifyResponse());
    }

    private LabNode Node(ServerCallContext context) =>
        LabTarget.Resolve(cluster, LabTarget.EndpointOf(context), LabTarget.Of(context).Names[0]);

    internal static int Namespace(ContainerdInstance? instance) =>
        instance?.Namespace is ContainerdNamespace.NsSystem or ContainerdNamespace.NsCri
            ? (int)instance.Namespace
            : throw LabTarget.Failure(StatusCode.InvalidArgument, "invalid namespace");

    private static string Pinned(LabStoredImage image)
    {
        var colon = image.Name.LastIndexOf(':');
        var name = colon > image.Name.LastIndexOf('/') ? image.Name[..colon] : image.Name;
        return $"{name}@{image.Digest}";
    }
}
