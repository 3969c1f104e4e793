using System.Security.Cryptography;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>The SHA-256 recorded beside an image (<c>NAME.sha256</c>), in the form that <c>sha256sum -c</c> reads.</summary>
internal static class ImageHash
{
    public static string RecordPath(string path) => path + ".sha256";

    /// <summary>Reads the whole file, and tells how many bytes of how many are done.</summary>
    public static async Task<string> ComputeAsync(
        string path,
        Action<long, long> report,
        CancellationToken cancellationToken
    )
    {
        var stream = new FileStream(
            path,
            FileMode.Open,
            FileAccess.Read,
            FileShare.Read,
            1,
            FileOptions.Asynchronous | FileOptions.SequentialScan
        );
        await using var _ = stream.ConfigureAwait(false);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 18];
        var total = stream.Length;
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0; )
        {
            hash.AppendData(buffer, 0, read);
            report(stream.Position, total);
        }

        return Convert.ToHexString(hash.GetHashAndReset()).ToLowerInvariant();
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
        var parts = (await File.ReadAllTextAsync(record.FullName, cancellationToken).ConfigureAwait(false)).Split(
            ' ',
            2,
            StringSplitOptions.TrimEntries
        );
        return parts.Length == 2 && parts[1].TrimStart('*') == Path.GetFileName(path) ? parts[0] : null;
    }
}
