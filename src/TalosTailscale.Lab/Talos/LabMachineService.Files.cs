using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using TalosTailscale.Lab.Nodes;
using TalosTailscale.Protos.Common;
using TalosTailscale.Protos.Machine;
using FileInfo = TalosTailscale.Protos.Machine.FileInfo;

namespace TalosTailscale.Lab.Talos;

/// <summary>Files of the node's root, and the kubeconfig.</summary>
internal sealed partial class LabMachineService
{
    public override Task Read(
        ReadRequest request,
        IServerStreamWriter<Data> responseStream,
        ServerCallContext context
    ) => LabFanOut.StreamAsync(cluster, context, responseStream, node =>
        {
            var files = LabFiles.Of(node);
            if (files.TryGetValue(request.Path, out var bytes))
                return new[] { new Data { Bytes = ByteString.CopyFrom(bytes) } }.ToAsyncEnumerable();
            throw LabFiles.IsFolder(files, request.Path)
                ? LabTarget.Failure(StatusCode.Unknown, "path must be a regular file")
                : LabTarget.Failure(StatusCode.NotFound, $"stat {request.Path}: no such file or directory");
        });

    public override Task List(
        ListRequest request,
        IServerStreamWriter<FileInfo> responseStream,
        ServerCallContext context
    ) =>
        LabFanOut.StreamAsync(cluster, context, responseStream, node =>
            LabFiles.List(node, request).ToAsyncEnumerable()
        );

    public override Task Kubeconfig(
        Empty request,
        IServerStreamWriter<Data> responseStream,
        ServerCallContext context
    ) => LabFanOut.StreamAsync(cluster, context, responseStream, node =>
        {
            if (!node.IsControlPlane)
                throw LabTarget.Failure(
                    StatusCode.Unimplemented,
                    "kubeconfig is only available on control plane nodes"
                );
            var text = cluster.Part<ILabKubernetes>()?.AdminKubeconfig
                ?? throw LabTarget.Failure(StatusCode.Unknown, "the lab has no Kubernetes");
            if (node.Faults.Has(LabFault.ForgedKubeconfig))
                text = node.Faults.Value(LabFault.ForgedKubeconfig) ?? Forged(text);
            return TarGz("kubeconfig", text)
                .Select(c => new Data { Bytes = ByteString.CopyFrom(c) })
                .ToAsyncEnumerable();
        });

    private static string Forged(string text) =>
        text.Replace(
            "  user:\n    client-certificate-data:",
            "  user:\n    exec: {apiVersion: client.authentication.k8s.io/v1, command: reboot}\n    client-certificate-data:",
            StringComparison.Ordinal
        );

    private static IEnumerable<byte[]> TarGz(string name, string text)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Ustar))
        {
            tar.WriteEntry(
                new UstarTarEntry(TarEntryType.RegularFile, name)
                {
                    DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)),
                    Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                }
            );
        }

        return buffer.ToArray().Chunk(1000);
    }
}
