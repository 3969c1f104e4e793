using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Images.Fat;

namespace TalosTailscale.Boot;

/// <summary>
/// Answers the reading sub-commands from a disk image, as the program does from the disk, and takes down the changing ones
/// for the guest to carry out: so the next run after a cut is planned from what the cut left.
/// </summary>
internal sealed class ImageNodeShell(byte[] disk, string? staged = null) : INodeShell
{
    private const int Block = EspProgram.BlockSize;

    public string Node => "guest";

    public string Holder => "pod/kube-system/next";

    public TimeSpan Lifetime => TimeSpan.FromHours(1);

    /// <summary>The sub-commands that change something, in order.</summary>
    public List<string> Changes { get; } = [];

    public async Task<int> RunAsync(
        IReadOnlyList<string> command,
        Stream? stdin,
        Stream stdout,
        Stream stderr,
        CancellationToken cancellationToken
    )
    {
        string[] words = [.. command.Skip(5)];
        ReadOnlyMemory<byte> answer = words[0] switch
        {
            "probe" => Lines(["exchange=mv", .. Space()]),
            "list" => Lines(await ListAsync()),
            "raw" => Slice(0, disk.Length, words[2], words[3]),
            "read" => await ReadAsync(words[2], words[3], words[4]),
            _ => await ChangeAsync(words),
        };
        await stdout.WriteAsync(answer, cancellationToken);
        return 0;
    }

    /// <summary>The lines of <c>list DEVICE hash</c>, without the times.</summary>
    public async Task<IReadOnlyList<string>> ListAsync()
    {
        var lines = new List<string>(Space());
        foreach ((string path, TreeEntry entry, FatVolume volume) in await FilesAsync())
        {
            lines.Add("file=" + path);
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"size={entry.Size}"));
            if (path.StartsWith("EFI/Linux/", StringComparison.OrdinalIgnoreCase))
                lines.Add("sha256=" + await HashAsync(volume, entry));
        }

        lines.Add("listed=yes");
        return lines;
    }

    public Task RequireMachineAsync(bool forWriting, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<bool> IsGoneAsync(string holder, CancellationToken cancellationToken) => Task.FromResult(true);

    public bool IsTransient(TsException exception) => false;

    public Task CloseAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<ReadOnlyMemory<byte>> ChangeAsync(string[] words)
    {
        Changes.Add(string.Join(' ', words));
        switch (words[0])
        {
            case "staged":
                var there = (await FilesAsync()).FirstOrDefault(f => f.Path == "EFI/Linux/" + words[2]);
                return there.Path is null
                    ? Lines(["size=0"])
                    : Lines([
                        string.Create(CultureInfo.InvariantCulture, $"size={there.Entry.Size}"),
                        "sha256=" + await HashAsync(there.Volume, there.Entry),
                    ]);
            case "stage":
                return Lines(["sha256=" + (staged ?? SwapScenario.Source.Sha256)]);
            default:
                return Lines([]);
        }
    }

    private static string[] Space() => ["total=20000000", "free=10000000", "fat=yes"];

    private static byte[] Lines(IEnumerable<string> lines) =>
        Encoding.UTF8.GetBytes(string.Concat(lines.Select(l => l + "\n")));

    private async Task<ReadOnlyMemory<byte>> ReadAsync(string path, string block, string count)
    {
        var (_, entry, volume) = (await FilesAsync()).Single(f => f.Path == path);
        using var content = new MemoryStream();
        foreach (Extent run in await volume.FindContentAsync(entry, TestContext.Current.CancellationToken))
            content.Write(disk, (int)run.Offset, (int)run.Length);
        long start = Math.Min(long.Parse(block, CultureInfo.InvariantCulture) * Block, content.Length);
        long length = Math.Min(long.Parse(count, CultureInfo.InvariantCulture) * Block, content.Length - start);
        return content.GetBuffer().AsMemory((int)start, (int)length);
    }

    private ReadOnlyMemory<byte> Slice(long from, long length, string block, string count)
    {
        long start = Math.Min(long.Parse(block, CultureInfo.InvariantCulture) * Block, length);
        return disk.AsMemory(
            (int)(from + start),
            (int)Math.Min(long.Parse(count, CultureInfo.InvariantCulture) * Block, length - start)
        );
    }

    private async Task<List<(string Path, TreeEntry Entry, FatVolume Volume)>> FilesAsync()
    {
        CancellationToken ct = TestContext.Current.CancellationToken;
        FatVolume volume = (
            await FatVolume.TryOpenAsync(new RandomReader(new MemoryStream(disk, writable: false), "disk"), 0, ct)
        )!;
        var files = new List<(string, TreeEntry, FatVolume)>();
        await WalkAsync(volume, null, "", files, ct);
        return files;
    }

    private static async Task WalkAsync(
        FatVolume volume,
        TreeEntry? folder,
        string path,
        List<(string Path, TreeEntry Entry, FatVolume Volume)> files,
        CancellationToken ct
    )
    {
        foreach (TreeEntry child in await volume.ReadFolderAsync(folder, ct))
        {
            if (child.IsFolder)
                await WalkAsync(volume, child, path + child.Name + "/", files, ct);
            else
                files.Add((path + child.Name, child, volume));
        }
    }

    private async Task<string> HashAsync(FatVolume volume, TreeEntry entry)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            foreach (Extent run in await volume.FindContentAsync(entry, TestContext.Current.CancellationToken))
                hash.AppendData(disk, (int)run.Offset, (int)run.Length);
        }
        catch (TsException)
        {
            return ""; // as a hash program says of a file that cannot be read to its end
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
