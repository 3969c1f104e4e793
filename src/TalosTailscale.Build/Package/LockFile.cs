using System.Text.Json;

namespace TalosTailscale.Build.Package;

/// <summary>One package whose files ship with the module.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Version">Its version.</param>
/// <param name="ContentHash">SHA-512 of the package as the lock file has it, in Base64.</param>
/// <param name="Dependencies">The packages that it needs.</param>
public sealed record LockedPackage(string Id, string Version, string ContentHash, IReadOnlyList<string> Dependencies);

/// <summary>The lock file of the cmdlets' project: exactly what ships.</summary>
public static class LockFile
{
    // Compile-time only: the engine brings it, or it makes code and is gone.
    private static readonly HashSet<string> s_notShipped = new(StringComparer.OrdinalIgnoreCase)
    {
        "PowerShellStandard.Library",
        "Grpc.Tools",
    };

    /// <summary>The packages, by name.</summary>
    /// <param name="root">The checkout.</param>
    public static IReadOnlyList<LockedPackage> RuntimePackages(string root)
    {
        using var json = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(root, "src", "TalosTailscale", "packages.lock.json"))
        );
        return
        [
            .. json
                .RootElement.GetProperty("dependencies")
                .EnumerateObject()
                .Single()
                .Value.EnumerateObject()
                .Where(package =>
                    package.Value.GetProperty("type").GetString() != "Project" && !s_notShipped.Contains(package.Name)
                )
                .Select(package => new LockedPackage(
                    package.Name,
                    package.Value.GetProperty("resolved").GetString()!,
                    package.Value.GetProperty("contentHash").GetString()!,
                    package.Value.TryGetProperty("dependencies", out var needed)
                        ? [.. needed.EnumerateObject().Select(d => d.Name)]
                        : []
                ))
                .OrderBy(package => package.Id, StringComparer.OrdinalIgnoreCase),
        ];
    }
}
