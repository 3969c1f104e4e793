using System.Text.Json;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>
/// What completers offer: versions, extension names and schematics seen in answers before. Tab never asks the network.
/// </summary>
public sealed class FactoryCache
{
    private const int MaximumSize = 1 << 20;
    private const int MaximumSchematics = 50;
    private const int MaximumVersions = 500;
    private const int MaximumExtensions = 1000;

    /// <summary>Talos versions, newest first.</summary>
    public IReadOnlyList<string> Versions { get; init; } = [];

    /// <summary>Official extension names.</summary>
    public IReadOnlyList<string> Extensions { get; init; } = [];

    /// <summary>Schematic ids with their extensions, last used first.</summary>
    public IReadOnlyList<CachedSchematic> Schematics { get; init; } = [];

    /// <summary>The environment variable that names another folder for the cache.</summary>
    public const string EnvironmentVariable = "TALOSTAILSCALE_CACHE";

    /// <summary>The cache's file for this user.</summary>
    public static string DefaultPath =>
        Path.Combine(
            Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } folder
                ? folder
                : Path.Combine(
                    Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData),
                    "TalosTailscale"
                ),
            "factory.json"
        );

    /// <summary>Reads a cache; an empty one when there is none or it cannot be read.</summary>
    /// <param name="path">The file; null for <see cref="DefaultPath"/>.</param>
    /// <returns>The cache.</returns>
    public static FactoryCache Load(string? path = null)
    {
        try
        {
            var file = new FileInfo(path ?? DefaultPath);
            return file is { Exists: true, Length: <= MaximumSize }
                ? JsonSerializer.Deserialize<FactoryCache>(File.ReadAllText(file.FullName)) ?? new FactoryCache()
                : new FactoryCache();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            // A cache is a convenience: without it Tab offers less.
            return new FactoryCache();
        }
    }

    /// <summary>This cache with a schematic in front.</summary>
    /// <param name="schematic">The schematic.</param>
    /// <returns>The cache.</returns>
    public FactoryCache With(TalosSchematic schematic)
    {
        ArgumentNullException.ThrowIfNull(schematic);
        var entry = new CachedSchematic(schematic.Id, schematic.Extensions);
        return new FactoryCache
        {
            Versions = Versions,
            Extensions =
            [
                .. Extensions.Union(schematic.Extensions, StringComparer.Ordinal).Order(StringComparer.Ordinal),
            ],
            Schematics = [.. Schematics.Where(s => s.Id != schematic.Id).Prepend(entry).Take(MaximumSchematics)],
        };
    }

    /// <summary>This cache with what a factory offers.</summary>
    /// <param name="versions">Versions, best first; they come before those known.</param>
    /// <param name="extensions">Official extension names.</param>
    /// <returns>The cache.</returns>
    public FactoryCache With(IEnumerable<string> versions, IEnumerable<string> extensions) =>
        new()
        {
            Versions = [.. versions.Union(Versions, StringComparer.Ordinal).Take(MaximumVersions)],
            Extensions =
            [
                .. Extensions
                    .Union(extensions, StringComparer.Ordinal)
                    .Order(StringComparer.Ordinal)
                    .Take(MaximumExtensions),
            ],
            Schematics = Schematics,
        };

    /// <summary>Writes the cache, atomically. That it cannot be written is no error.</summary>
    /// <param name="path">The file; null for <see cref="DefaultPath"/>.</param>
    /// <returns>True if it was written.</returns>
    public bool Save(string? path = null)
    {
        path ??= DefaultPath;
        var temporary = $"{path}.{Guid.NewGuid():N}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(temporary, JsonSerializer.Serialize(this));
            File.Move(temporary, path, overwrite: true);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            return false;
        }
    }
}

/// <summary>A schematic seen before.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Extensions">Its extensions.</param>
public sealed record CachedSchematic(string Id, IReadOnlyList<string> Extensions);
