using System.Diagnostics;
using System.Runtime.CompilerServices;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Protos.Common;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Core.Talos;

/// <content>Container images.</content>
public sealed partial class TalosNodeClient
{
    // containerd retries by itself and the bytes come from far away.
    private static readonly TimeSpan s_pullTimeout = TimeSpan.FromMinutes(15);

    // Judged by the version first: an older node answers an unknown method with a missing role.
    private bool _lacksImageService;

    /// <summary>The images on the node.</summary>
    /// <param name="images">Whose images.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The images as they come.</returns>
    public async IAsyncEnumerable<TalosContainerImage> ImageListAsync(
        TalosImageNamespace images = TalosImageNamespace.Cri,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        if (await HasImageServiceAsync(cancellation).ConfigureAwait(false))
        {
            IAsyncEnumerator<ImageServiceListResponse> listed = ListNew(images, cancellation)
                .GetAsyncEnumerator(cancellation);
            await using ConfiguredAsyncDisposable closing = listed.ConfigureAwait(false);
            while (await OfferedAsync(() => listed.MoveNextAsync().AsTask()).ConfigureAwait(false) is { } more)
            {
                if (!more)
                    yield break;
                ImageServiceListResponse image = listed.Current;
                yield return Image(image.Name, image.Digest, image.Size, image.CreatedAt);
            }
        }

        var old = new ImageListRequest { Namespace = Namespace(images) };
        IAsyncEnumerable<ImageListResponse> answers = _caller.StreamAsync(
            TalosCall.Read("ImageList"),
            (invoker, options) => Machine(invoker).ImageList(old, options),
            cancellation
        );
        await foreach (ImageListResponse image in answers.ConfigureAwait(false))
        {
            if (Failure(image.Metadata, "ImageList") is { } failure)
                throw failure;
            yield return Image(image.Name, image.Digest, image.Size, image.CreatedAt);
        }
    }

    /// <summary>
    /// Makes the node fetch an image with its own containerd. A node that has the image answers at once and asks no
    /// registry: <see cref="TalosImagePull.Pulled"/> tells.
    /// </summary>
    /// <param name="reference">The image.</param>
    /// <param name="images">Where it is to go.</param>
    /// <param name="timeout">How long it may take; null for 15 minutes.</param>
    /// <param name="reporter">Told how far it has come, where the node tells.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>What it came to.</returns>
    public async Task<TalosImagePull> ImagePullAsync(
        string reference,
        TalosImageNamespace images = TalosImageNamespace.Cri,
        TimeSpan? timeout = null,
        IReporter? reporter = null,
        CancellationToken cancellation = default
    )
    {
        long started = Stopwatch.GetTimestamp();
        reporter?.Progress(new ProgressStep(Pulling(reference), Node, "asking the node"));
        try
        {
            return await ImagePullAsync(reference, images, timeout, started, reporter, cancellation)
                .ConfigureAwait(false);
        }
        finally
        {
            reporter?.Progress(new ProgressStep(Pulling(reference), Node, "done", Completed: true));
        }
    }

    private async Task<TalosImagePull> ImagePullAsync(
        string reference,
        TalosImageNamespace images,
        TimeSpan? timeout,
        long started,
        IReporter? reporter,
        CancellationToken cancellation
    )
    {
        bool present = await FindImageAsync(reference, images, cancellation).ConfigureAwait(false) is not null;
        string digest = await WatchedPullAsync(reference, waits: true, reporter, PullAsync, cancellation)
            .ConfigureAwait(false);
        TalosContainerImage? now = await FindImageAsync(reference, images, cancellation).ConfigureAwait(false);
        return new TalosImagePull
        {
            Node = Node,
            Reference = reference,
            Digest = now?.Digest ?? digest,
            Size = now?.Size ?? 0,
            Pulled = !present,
            Duration = Stopwatch.GetElapsedTime(started),
        };

        async Task<string> PullAsync(CancellationToken stop)
        {
            string? found = null;
            if (await HasImageServiceAsync(stop).ConfigureAwait(false))
                found = await OfferedAsync(() => PullNewAsync(reference, images, timeout, reporter, stop))
                    .ConfigureAwait(false);
            return found ?? await PullOldAsync(reference, images, timeout, reporter, stop).ConfigureAwait(false);
        }
    }

    /// <summary>Removes an image; Talos 1.13 and later.</summary>
    /// <param name="reference">The image.</param>
    /// <param name="images">Where it is.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>When done.</returns>
    /// <exception cref="TsException"><see cref="TalosErrors.TalosUnimplemented"/> on older nodes.</exception>
    public async Task ImageRemoveAsync(
        string reference,
        TalosImageNamespace images = TalosImageNamespace.Cri,
        CancellationToken cancellation = default
    )
    {
        await RequireImageServiceAsync("remove an image", cancellation).ConfigureAwait(false);
        var request = new ImageServiceRemoveRequest { Containerd = Instance(images), ImageRef = reference };
        await _caller
            .UnaryAsync(
                TalosCall.Change("ImageService.Remove", TalosCall.Admin),
                (invoker, options) => new ImageService.ImageServiceClient(invoker).RemoveAsync(request, options),
                cancellation
            )
            .ConfigureAwait(false);
    }

    /// <summary>An image of the node by its reference, or null.</summary>
    /// <param name="reference">The reference, in full or as people shorten it.</param>
    /// <param name="images">Where to look.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The image or null.</returns>
    public async Task<TalosContainerImage?> FindImageAsync(
        string reference,
        TalosImageNamespace images = TalosImageNamespace.Cri,
        CancellationToken cancellation = default
    )
    {
        string full = ImageReference.Normalize(reference);
        TalosContainerImage? found = null;
        await foreach (TalosContainerImage image in ImageListAsync(images, cancellation).ConfigureAwait(false))
        {
            if (image.Name == full || image.Name == reference)
                found = image;
        }

        return found;
    }

    private async Task<bool> HasImageServiceAsync(CancellationToken cancellation) =>
        !_lacksImageService && await HasServicesOf113Async(cancellation).ConfigureAwait(false);

    private IAsyncEnumerable<ImageServiceListResponse> ListNew(
        TalosImageNamespace images,
        CancellationToken cancellation
    )
    {
        var request = new ImageServiceListRequest { Containerd = Instance(images) };
        return _caller.StreamAsync(
            TalosCall.Read("ImageService.List"),
            (invoker, options) => new ImageService.ImageServiceClient(invoker).List(request, options),
            cancellation
        );
    }

    /// <summary>A call of ImageService; null where the node has none after all, which is remembered.</summary>
    private async Task<bool?> OfferedAsync(Func<Task<bool>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (TsException e) when (e.Error == TalosErrors.TalosUnimplemented)
        {
            _lacksImageService = true;
            return null;
        }
    }

    private async Task<string?> OfferedAsync(Func<Task<string>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (TsException e) when (e.Error == TalosErrors.TalosUnimplemented)
        {
            _lacksImageService = true;
            return null;
        }
    }

    private async Task<string> PullOldAsync(
        string reference,
        TalosImageNamespace images,
        TimeSpan? timeout,
        IReporter? reporter,
        CancellationToken cancellation
    )
    {
        // Such a node says nothing until it is done.
        reporter?.Progress(new ProgressStep(Pulling(reference), Node, "the node pulls it"));
        var request = new ImagePullRequest { Namespace = Namespace(images), Reference = reference };
        ImagePullResponse answer = await _caller
            .UnaryAsync(
                TalosCall.Read($"ImagePull {reference}", TalosCall.Operator),
                (invoker, options) => Machine(invoker).ImagePullAsync(request, options),
                cancellation,
                timeout ?? s_pullTimeout
            )
            .ConfigureAwait(false);
        return Failure(Single(answer.Messages, "ImagePull").Metadata, "ImagePull") is { } failure ? throw failure : "";
    }

    private async Task<string> PullNewAsync(
        string reference,
        TalosImageNamespace images,
        TimeSpan? timeout,
        IReporter? reporter,
        CancellationToken cancellation
    )
    {
        var request = new ImageServicePullRequest { Containerd = Instance(images), ImageRef = reference };
        IAsyncEnumerable<ImageServicePullResponse> answers = _caller.StreamAsync(
            TalosCall.Read($"ImageService.Pull {reference}", TalosCall.Operator),
            (invoker, options) => new ImageService.ImageServiceClient(invoker).Pull(request, options),
            cancellation,
            timeout ?? s_pullTimeout
        );
        var layers = new Dictionary<string, (long Offset, long Total)>(StringComparer.Ordinal);
        string pinned = "";
        await foreach (ImageServicePullResponse answer in answers.ConfigureAwait(false))
        {
            if (answer.ResponseCase == ImageServicePullResponse.ResponseOneofCase.Name)
                pinned = answer.Name;
            if (answer.PullProgress is not { Progress: { } layer } progress)
                continue;
            layers[progress.LayerId] = (layer.Offset, layer.Total);
            reporter?.Progress(
                new ProgressStep(
                    Pulling(reference),
                    Node,
                    $"{layers.Count} layers",
                    layers.Values.Sum(one => one.Offset),
                    layers.Values.Sum(one => one.Total)
                )
            );
        }

        if (pinned.Length == 0)
            throw TalosErrors.TalosProtocolViolation.New(
                $"The pull of '{reference}' on '{Node}' ended without the image's name.",
                Node
            );
        int at = pinned.IndexOf('@', StringComparison.Ordinal);
        return at < 0 ? "" : pinned[(at + 1)..];
    }

    private static string Pulling(string reference) => $"Pulling {reference}";

    private TalosContainerImage Image(
        string name,
        string digest,
        long size,
        Google.Protobuf.WellKnownTypes.Timestamp? created
    ) =>
        new()
        {
            Node = Node,
            Name = name,
            Digest = digest,
            Size = size,
            CreatedAt = Time(created),
        };

    private static ContainerdNamespace Namespace(TalosImageNamespace images) =>
        images == TalosImageNamespace.System ? ContainerdNamespace.NsSystem : ContainerdNamespace.NsCri;

    private static ContainerdInstance Instance(TalosImageNamespace images) =>
        new() { Driver = ContainerDriver.Cri, Namespace = Namespace(images) };
}
