using System.Globalization;
using TalosTailscale.Core.Boot.NodeShell;

namespace TalosTailscale.Core.Boot.Esp;

/// <summary>A node's EFI system partition, operated through the shell program. Each call mounts it and unmounts it again.</summary>
internal sealed class EspVolume(EspProgram program, string device)
{
    /// <summary>The partition's device on the node.</summary>
    internal string Device => device;

    /// <summary>The node's name.</summary>
    internal string Node => program.Shell.Node;

    /// <summary>The shell.</summary>
    internal INodeShell Shell => program.Shell;

    /// <summary>Whether a call may be made again after this failure; makes a new shell where the old one is gone.</summary>
    internal Task<bool> RecoverAsync(TsException failure, CancellationToken cancellationToken) =>
        program.RecoverAsync(failure, cancellationToken);

    internal async Task<EspListing> ListAsync(bool hash, CancellationToken cancellationToken)
    {
        ProgramResult result = hash
            ? await program.RunAsync(cancellationToken, "list", device, "hash").ConfigureAwait(false)
            : await program.RunAsync(cancellationToken, "list", device).ConfigureAwait(false);
        if (result.Find("listed") is null)
            throw BootErrors.TransferIncomplete.New(
                $"{Node}: the list of the files on '{device}' broke off after {result.Lines.Count} lines.",
                Node
            );
        var files = new List<EspEntry>();
        foreach ((string key, string value) in result.Lines)
        {
            if (key == "file")
            {
                files.Add(new EspEntry(EspEntry.CheckedPath(value, Node), 0, default, null));
                continue;
            }

            if (files.Count == 0)
                continue;
            files[^1] = key switch
            {
                "size" => files[^1] with { Size = ProgramResult.ToNumber(value) },
                "modified" => files[^1] with
                {
                    Modified = DateTimeOffset.FromUnixTimeSeconds(ProgramResult.ToNumber(value)),
                },
                "sha256" => files[^1] with { Sha256 = value.Length == 0 ? null : value }, // none where it cannot be read
                _ => files[^1],
            };
        }

        return new EspListing(result.Number("total"), result.Number("free"), result["fat"] == "yes", files);
    }

    /// <summary>What the shell can do: <c>machine</c>, <c>kernel</c>, <c>boot</c>, <c>exchange</c>, space.</summary>
    internal Task<ProgramResult> ProbeAsync(CancellationToken cancellationToken) =>
        program.RunAsync(cancellationToken, "probe", device);

    /// <summary>Blocks of 4096 bytes of a file.</summary>
    internal Task<ReadOnlyMemory<byte>> ReadAsync(
        string path,
        long block,
        int count,
        CancellationToken cancellationToken
    ) =>
        program.ReadAsync(
            count * EspProgram.BlockSize,
            cancellationToken,
            "read",
            device,
            path,
            Text(block),
            Text(count)
        );

    /// <summary>Blocks of 4096 bytes of the partition itself.</summary>
    internal Task<ReadOnlyMemory<byte>> RawAsync(long block, int count, CancellationToken cancellationToken) =>
        program.ReadAsync(count * EspProgram.BlockSize, cancellationToken, "raw", device, Text(block), Text(count));

    /// <summary>Size and hash of a file of the shell's container.</summary>
    internal async Task<(long Size, string Sha256)> SourceAsync(string path, CancellationToken cancellationToken)
    {
        ProgramResult result = await program.RunAsync(cancellationToken, "source", device, path).ConfigureAwait(false);
        return (result.Number("size"), result["sha256"]);
    }

    /// <summary>Blocks of 4096 bytes of a file of the shell's container.</summary>
    internal Task<ReadOnlyMemory<byte>> FetchAsync(
        string path,
        long block,
        int count,
        CancellationToken cancellationToken
    ) =>
        program.ReadAsync(
            count * EspProgram.BlockSize,
            cancellationToken,
            "fetch",
            device,
            path,
            Text(block),
            Text(count)
        );

    internal Task<ProgramResult> LockAsync(string owner, CancellationToken cancellationToken) =>
        program.RunAsync(
            cancellationToken,
            "lock",
            device,
            owner,
            Shell.Holder,
            Text((long)Shell.Lifetime.TotalSeconds)
        );

    internal Task<ProgramResult> BreakAsync(string owner, CancellationToken cancellationToken) =>
        program.RunAsync(cancellationToken, "break", device, owner);

    internal Task<ProgramResult> UnlockAsync(string owner, CancellationToken cancellationToken) =>
        program.RunAsync(cancellationToken, "unlock", device, owner);

    /// <summary>Size and hash of what is staged under the name already; size 0 without a file.</summary>
    internal async Task<(long Size, string Sha256)> StagedAsync(string name, CancellationToken cancellationToken)
    {
        ProgramResult result = await program.RunAsync(cancellationToken, "staged", device, name).ConfigureAwait(false);
        return (result.Number("size"), result["sha256"]);
    }

    /// <summary>Sends the bytes from <paramref name="offset"/> on; gives back the hash of the whole staged file.</summary>
    internal async Task<string> StageAsync(
        string owner,
        string name,
        long size,
        long offset,
        Stream content,
        CancellationToken cancellationToken
    )
    {
        ProgramResult result = await program
            .RunAsync(content, cancellationToken, "stage", device, owner, name, Text(size), Text(offset))
            .ConfigureAwait(false);
        return result["sha256"];
    }

    /// <summary>Stages a file that the shell's container has; gives back its hash.</summary>
    internal async Task<string> CopyAsync(
        string owner,
        string name,
        long size,
        string path,
        CancellationToken cancellationToken
    )
    {
        ProgramResult result = await program
            .RunAsync(cancellationToken, "copy", device, owner, name, Text(size), path)
            .ConfigureAwait(false);
        return result["sha256"];
    }

    /// <summary>Mounts anew, read-only, and compares what the disk gives back.</summary>
    internal Task<ProgramResult> VerifyAsync(string name, string sha256, CancellationToken cancellationToken) =>
        program.RunAsync(cancellationToken, "verify", device, name, sha256);

    /// <summary>The incoming file takes the target's name; what the target was is kept under the third name.</summary>
    internal Task<ProgramResult> ExchangeAsync(
        string owner,
        string incoming,
        string incomingHash,
        string target,
        string targetHash,
        string kept,
        CancellationToken cancellationToken
    ) =>
        program.RunAsync(
            cancellationToken,
            "exchange",
            device,
            owner,
            incoming,
            incomingHash,
            target,
            targetHash,
            kept
        );

    internal Task<ProgramResult> RenameAsync(
        string owner,
        string name,
        string sha256,
        string newName,
        CancellationToken cancellationToken
    ) => program.RunAsync(cancellationToken, "rename", device, owner, name, sha256, newName);

    internal Task<ProgramResult> RemoveAsync(string owner, string name, CancellationToken cancellationToken) =>
        program.RunAsync(cancellationToken, "remove", device, owner, name);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
