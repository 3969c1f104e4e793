using System.Security.Cryptography;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>The SHA-256 recorded beside an image (<c>NAME.sha256</c>), in the form that <c>sha256sum -c</c> reads.</summary>
internal static class ImageHash
{
    public static string RecordPath(string path) => path + ".sha256";

    public static async Task<string> ComputeAsync(string path, CancellationToken cancellationToken)
    {
        var stream = new FileStream(
            path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 17, FileOptions.Asynchronous | FileOptions.SequentialScan);
        await using var _ = stream.ConfigureAwait(false);
        var hash = await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false);
        return Convert.ToHexString(hash).ToLowerInvariant();
    }

    public static async Task RecordAsync(string path, string sha256, CancellationToken cancellationToken) =>
        await File.WriteAllTextAsync(RecordPath(path), $"{sha256}  {Path.GetFileName(path)}\n", cancellationToken)
            .ConfigureAwait(false);

    /// <summary>The recorded hash; null when there is none for this name.</summary>
    public static async Task<string?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var record = new FileInfo(RecordPath(path));
        if (!record.Exists || record.Length > 4096)
            return null;
        var parts = (await File.ReadAllTextAsync(record.FullName, cancellationToken).ConfigureAwait(false))
            .Split(' ', 2, StringSplitOptions.TrimEntries);
        return parts.Length == 2 && parts[1].TrimStart('*') == Path.GetFileName(path) ? parts[0] : null;
    }
}
