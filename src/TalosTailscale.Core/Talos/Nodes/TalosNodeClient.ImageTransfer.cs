using Google.Protobuf;
using Grpc.Core;
using TalosTailscale.Protos.Common;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Core.Talos;

/// <content>Images brought by hand and images verified; Talos 1.13 and later.</content>
public sealed partial class TalosNodeClient
{
    private const int ImageChunkBytes = 256 << 10;

    /// <summary>Sends an image archive (<c>docker save</c>, OCI layout as tar) to the node's containerd.</summary>
    /// <param name="archive">The archive; read to its end.</param>
    /// <param name="images">Where it is to go.</param>
    /// <param name="timeout">How long it may take; null for 15 minutes.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The name that the image has on the node.</returns>
    /// <exception cref="TsException"><see cref="TalosErrors.TalosUnimplemented"/> before 1.13, and others.</exception>
    public async Task<string> ImageImportAsync(
        Stream archive,
        TalosImageNamespace images = TalosImageNamespace.Cri,
        TimeSpan? timeout = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(archive);
        await RequireImageServiceAsync("import an image", cancellation).ConfigureAwait(false);
        return await _caller
            .DuplexAsync(
                TalosCall.Change("ImageService.Import", TalosCall.Admin),
                (invoker, options, stop) =>
                    ImportAsync(
                        invoker,
                        options.WithDeadline(DateTime.UtcNow + (timeout ?? s_pullTimeout)),
                        archive,
                        images,
                        stop
                    ),
                cancellation
            )
            .ConfigureAwait(false);
    }

    /// <summary>Has the node check an image's signature by the rules of its machine configuration.</summary>
    /// <param name="reference">The image, by tag or by digest.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The outcome; a signature that a rule refuses is an error.</returns>
    /// <exception cref="TsException"><see cref="TalosErrors.TalosUnimplemented"/> before 1.13, and others.</exception>
    public async Task<TalosImageVerification> ImageVerifyAsync(
        string reference,
        CancellationToken cancellation = default
    )
    {
        await RequireImageServiceAsync("verify an image", cancellation).ConfigureAwait(false);
        var request = new ImageServiceVerifyRequest { ImageRef = reference };
        ImageServiceVerifyResponse answer = await _caller
            .UnaryAsync(
                TalosCall.Read($"ImageService.Verify {reference}"),
                (invoker, options) => new ImageService.ImageServiceClient(invoker).VerifyAsync(request, options),
                cancellation,
                s_pullTimeout
            )
            .ConfigureAwait(false);
        return new TalosImageVerification(
            answer.Verified,
            answer.Message,
            answer.DigestedImageRef.Length == 0 ? null : answer.DigestedImageRef
        );
    }

    private static async Task<string> ImportAsync(
        CallInvoker invoker,
        CallOptions options,
        Stream archive,
        TalosImageNamespace images,
        CancellationToken stop
    )
    {
        using AsyncClientStreamingCall<ImageServiceImportRequest, ImageServiceImportResponse> call =
            new ImageService.ImageServiceClient(invoker).Import(options);
        byte[] buffer = new byte[ImageChunkBytes];
        var part = new ImageServiceImportRequest { Containerd = Instance(images) };
        for (int count = -1; count != 0; )
        {
            try
            {
                await call.RequestStream.WriteAsync(part, stop).ConfigureAwait(false);
            }
            catch (Exception e) when (e is InvalidOperationException or RpcException && !stop.IsCancellationRequested)
            {
                // The node has answered before the end: why is in its answer.
                break;
            }

            count = await archive.ReadAsync(buffer, stop).ConfigureAwait(false);
            part = new ImageServiceImportRequest
            {
                ImageChunk = new Data { Bytes = ByteString.CopyFrom(buffer, 0, count) },
            };
            if (count == 0)
                await call.RequestStream.CompleteAsync().ConfigureAwait(false);
        }

        return (await call.ResponseAsync.ConfigureAwait(false)).Name;
    }

    private async Task RequireImageServiceAsync(string what, CancellationToken cancellation)
    {
        if (await HasServicesOf113Async(cancellation).ConfigureAwait(false))
            return;
        throw TalosErrors.TalosUnimplemented.New(
            $"'{Node}' runs Talos {_version?.Tag}, which cannot {what}; 1.13 and later can.",
            Node
        );
    }
}
