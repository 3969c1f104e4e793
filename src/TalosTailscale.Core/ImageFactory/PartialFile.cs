using System.Text.Json;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>
/// A download that is not complete: <c>NAME.partial</c>, and <c>NAME.partial.json</c> with its address and validator.
/// Held open and locked as long as the download runs, so that two commands cannot write one file.
/// </summary>
internal sealed class PartialFile : IAsyncDisposable
{
    private readonly FileStream _stream;

    private PartialFile(string path, FileStream stream)
    {
        Path = path;
        _stream = stream;
    }

    public string Path { get; }

    /// <summary>Set when all is there.</summary>
    public bool IsComplete { get; set; }

    public long Length => _stream.Length;

    /// <summary>The name of the partial file of a target.</summary>
    public static string PathOf(string target) => target + ".partial";

    public static PartialFile Open(string target)
    {
        var path = PathOf(target);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        return new PartialFile(
            path,
            new FileStream(
                path,
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                FileShare.None,
                1,
                FileOptions.Asynchronous
            )
        );
    }

    /// <summary>Removes the record of a partial file that has got its final name.</summary>
    public static void ForgetValidator(string target) => File.Delete(RecordOf(PathOf(target)));

    /// <summary>The ETag or date under which the first bytes were sent; null when the rest cannot be asked for.</summary>
    public string? Validator(Uri uri)
    {
        var record = new FileInfo(RecordOf(Path));
        if (Length == 0 || record is not { Exists: true, Length: < 65536 })
            return null;
        try
        {
            var fields = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(record.FullName));
            return fields?.GetValueOrDefault("uri") == uri.AbsoluteUri ? fields.GetValueOrDefault("validator") : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Begins anew.</summary>
    public void Restart(Uri uri, string? validator)
    {
        Discard();
        if (validator is not null)
            File.WriteAllText(
                RecordOf(Path),
                JsonSerializer.Serialize(
                    new Dictionary<string, string> { ["uri"] = uri.AbsoluteUri, ["validator"] = validator }
                )
            );
    }

    /// <summary>Drops what came so far.</summary>
    public void Discard()
    {
        File.Delete(RecordOf(Path));
        _stream.SetLength(0);
    }

    public ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        _stream.Position = _stream.Length;
        return _stream.WriteAsync(bytes, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        // Without a validator the rest cannot be asked for.
        var useless = !IsComplete && (_stream.Length == 0 || !File.Exists(RecordOf(Path)));
        await _stream.DisposeAsync().ConfigureAwait(false);
        if (useless)
            File.Delete(Path);
    }

    private static string RecordOf(string path) => path + ".json";
}
