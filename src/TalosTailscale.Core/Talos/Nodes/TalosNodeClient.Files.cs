using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text;
using TalosTailscale.Protos.Common;
using TalosTailscale.Protos.Machine;
using FileInfo = TalosTailscale.Protos.Machine.FileInfo;

namespace TalosTailscale.Core.Talos;

/// <content>Files and the kubeconfig.</content>
public sealed partial class TalosNodeClient
{
    private const string BootIdPath = "/proc/sys/kernel/random/boot_id";
    private const int MaxKubeconfigBytes = 1 << 20;
    private static readonly TimeSpan s_kubeconfigTimeout = TimeSpan.FromMinutes(1);

    /// <summary>A file of the node, as a stream that is read asynchronously.</summary>
    /// <param name="path">Absolute path of a regular file.</param>
    /// <param name="cancellation">Ends the call and the stream.</param>
    /// <returns>The content; the caller disposes it.</returns>
    public async Task<Stream> ReadAsync(string path, CancellationToken cancellation = default)
    {
        IAsyncEnumerable<Data> parts = _caller.StreamAsync(
            TalosCall.Read($"Read {path}", TalosCall.Admin),
            (invoker, options) => Machine(invoker).Read(new ReadRequest { Path = path }, options),
            cancellation
        );
        return await ChunkStream.OpenAsync(BytesAsync($"Read {path}", parts), cancellation).ConfigureAwait(false);
    }

    /// <summary>A small text file of the node.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="maxBytes">More than this is an error.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The text.</returns>
    public async Task<string> ReadTextAsync(
        string path,
        int maxBytes = 1 << 20,
        CancellationToken cancellation = default
    )
    {
        Stream stream = await ReadAsync(path, cancellation).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            byte[] bytes = await ReadLimitedAsync(stream, maxBytes, path, cancellation).ConfigureAwait(false);
            return Encoding.UTF8.GetString(bytes);
        }
    }

    /// <summary>The id of the running boot: another one after every restart. Needs the admin role.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>A UUID as text.</returns>
    public async Task<string> BootIdAsync(CancellationToken cancellation = default) =>
        (await ReadTextAsync(BootIdPath, 256, cancellation).ConfigureAwait(false)).Trim();

    /// <summary>The kernel's command line, from its resource or, before 1.11, from the file.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The command line.</returns>
    public async Task<string> KernelCommandLineAsync(CancellationToken cancellation = default)
    {
        TalosResource? resource = await FindResourceAsync(TalosTypes.KernelCommandLine, "cmdline", cancellation)
            .ConfigureAwait(false);
        return resource is not null
            ? new SpecReader(resource.Spec).Text("cmdline")
            : (await ReadTextAsync("/proc/cmdline", 1 << 16, cancellation).ConfigureAwait(false)).Trim();
    }

    /// <summary>The files below a folder.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="recursionDepth">How deep; 1 for the folder's own entries, 0 for everything.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The files as they come.</returns>
    public async IAsyncEnumerable<TalosFile> ListAsync(
        string root,
        int recursionDepth = 1,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        var request = new ListRequest
        {
            Root = root,
            Recurse = recursionDepth != 1,
            RecursionDepth = recursionDepth,
        };
        IAsyncEnumerable<FileInfo> files = _caller.StreamAsync(
            TalosCall.Read($"List {root}"),
            (invoker, options) => Machine(invoker).List(request, options),
            cancellation
        );
        await foreach (FileInfo file in files.ConfigureAwait(false))
        {
            if (Failure(file.Metadata, "List") is { } failure)
                throw failure;
            if (file.Error.Length > 0)
                throw TalosErrors.TalosCallFailed.New(
                    $"List of '{root}' on '{Node}' failed at '{file.Name}': {file.Error}",
                    Node
                );
            yield return new TalosFile
            {
                Node = Node,
                Path = file.Name,
                RelativePath = file.RelativeName,
                Size = file.Size,
                IsDirectory = file.IsDir,
                LinkTarget = file.Link,
                Mode = file.Mode,
                Modified = file.Modified is > 0 and < 253_402_300_800
                    ? DateTimeOffset.FromUnixTimeSeconds(file.Modified)
                    : null,
            };
        }
    }

    /// <summary>An admin's kubeconfig of the cluster, freshly issued. Control plane nodes only.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The file's bytes. They hold a private key.</returns>
    public async Task<byte[]> KubeconfigAsync(CancellationToken cancellation = default)
    {
        IAsyncEnumerable<Data> parts = _caller.StreamAsync(
            TalosCall.Read("Kubeconfig", TalosCall.Admin),
            (invoker, options) => Machine(invoker).Kubeconfig(Nothing, options),
            cancellation,
            s_kubeconfigTimeout
        );
        Stream packed = await ChunkStream
            .OpenAsync(BytesAsync("Kubeconfig", parts), cancellation)
            .ConfigureAwait(false);
        await using (packed.ConfigureAwait(false))
        {
            try
            {
                return await UnpackAsync(packed, cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (e is InvalidDataException or FormatException or EndOfStreamException)
            {
                throw TalosErrors.TalosProtocolViolation.New(
                    $"The kubeconfig from '{Node}' is not the archive that it should be: {e.Message}",
                    Node,
                    e
                );
            }
        }
    }

    private async Task<byte[]> UnpackAsync(Stream packed, CancellationToken cancellation)
    {
        var unzipped = new GZipStream(packed, CompressionMode.Decompress, leaveOpen: true);
        await using (unzipped.ConfigureAwait(false))
        {
            var archive = new TarReader(unzipped, leaveOpen: true);
            await using (archive.ConfigureAwait(false))
            {
                while (
                    await archive.GetNextEntryAsync(cancellationToken: cancellation).ConfigureAwait(false) is { } entry
                )
                {
                    if (entry.Name.TrimStart('.', '/') != "kubeconfig" || entry.DataStream is not { } content)
                        continue;
                    return await ReadLimitedAsync(content, MaxKubeconfigBytes, "kubeconfig", cancellation)
                        .ConfigureAwait(false);
                }
            }
        }

        throw TalosErrors.TalosProtocolViolation.New($"The archive from '{Node}' holds no 'kubeconfig'.", Node);
    }

    private async Task<byte[]> ReadLimitedAsync(
        Stream stream,
        int maxBytes,
        string what,
        CancellationToken cancellation
    )
    {
        var all = new MemoryStream();
        byte[] buffer = new byte[16 << 10];
        while (await stream.ReadAsync(buffer, cancellation).ConfigureAwait(false) is var count and > 0)
        {
            if (all.Length + count > maxBytes)
            {
                throw TalosErrors.TalosProtocolViolation.New(
                    $"'{what}' on '{Node}' is larger than {maxBytes} bytes, more than was expected.",
                    Node
                );
            }

            all.Write(buffer, 0, count);
        }

        return all.ToArray();
    }
}
