using System.Text.Json;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>A download that is not complete: <c>NAME.partial</c>, and <c>NAME.partial.json</c> with its address and validator.</summary>
internal sealed class PartialFile(string target)
{
    public string Path { get; } = target + ".partial";

    public long Length => new FileInfo(Path) is { Exists: true } file ? file.Length : 0;

    private string RecordPath => Path + ".json";

    /// <summary>The ETag or date under which the first bytes were sent; null when the rest cannot be asked for.</summary>
    public string? Validator(Uri uri)
    {
        if (!File.Exists(RecordPath) || !File.Exists(Path))
            return null;
        try
        {
            var record = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(RecordPath));
            return record?.GetValueOrDefault("uri") == uri.AbsoluteUri ? record.GetValueOrDefault("validator") : null;
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
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        using (new FileStream(Path, FileMode.Create, FileAccess.Write, FileShare.None))
        {
        }

        if (validator is not null)
            File.WriteAllText(RecordPath, JsonSerializer.Serialize(
                new Dictionary<string, string> { ["uri"] = uri.AbsoluteUri, ["validator"] = validator }));
    }

    /// <summary>The file for writing at its end; nobody else may write it meanwhile.</summary>
    public FileStream Append() =>
        new(Path, FileMode.Append, FileAccess.Write, FileShare.Read, 1, FileOptions.Asynchronous);

    public void Discard()
    {
        File.Delete(Path);
        ForgetValidator();
    }

    public void ForgetValidator() => File.Delete(RecordPath);
}
