using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace TalosTailscale.Build.Package;

/// <summary>Looks through the folder that is about to be packed: what has no business in it ends the packing.</summary>
public static class PackageContents
{
    private static readonly string[] s_own =
    [
        "TalosTailscale.dll",
        "TalosTailscale.Core.dll",
        "TalosTailscale.Loader.dll",
    ];

    /// <summary>Checks the folder.</summary>
    /// <param name="folder">The module's folder.</param>
    /// <param name="packages">What the lock file says that ships.</param>
    /// <exception cref="InvalidOperationException">Something is there that should not be, or is missing.</exception>
    public static void Check(string folder, IReadOnlyList<LockedPackage> packages)
    {
        var names = Directory
            .EnumerateFiles(Path.Combine(folder, "module", "bin"), "*.dll")
            .Select(file => Path.GetFileName(file))
            .ToArray();
        var missing = s_own.Except(names).ToArray();
        if (missing.Length > 0)
            throw new InvalidOperationException($"The package lacks {string.Join(", ", missing)}.");
        // Test frameworks, the lab and the engine are in no lock file of the module.
        var strangers = names
            .Except(s_own)
            .Where(name => !packages.Any(package => Belongs(name, package.Id)))
            .ToArray();
        if (strangers.Length > 0)
            throw new InvalidOperationException(
                $"The package has {string.Join(", ", strangers)}, which no package of the lock file explains."
            );
        CheckImages(Path.Combine(folder, "module", "bin"));
        foreach (var needed in new[] { "en-US/TalosTailscale.dll-Help.xml", "module/TalosTailscale.psm1", "LICENSE" })
            if (!File.Exists(Path.Combine(folder, needed)))
                throw new InvalidOperationException($"The package lacks {needed}.");
    }

    // Machine code runs in the place of the IL: it must come from this very file, else the package is two versions in one.
    private static void CheckImages(string bin)
    {
        foreach (
            var image in Directory.EnumerateDirectories(bin).SelectMany(system => Directory.EnumerateFiles(system))
        )
        {
            var compiled = Path.Combine(bin, Path.GetFileName(image));
            if (!File.Exists(compiled) || Identity(image) != Identity(compiled))
                throw new InvalidOperationException(
                    $"'{Path.GetRelativePath(bin, image)}' is not compiled from the assembly of the same name beside its folder."
                );
        }
    }

    private static Guid Identity(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var metadata = file.GetMetadataReader();
        return metadata.GetGuid(metadata.GetModuleDefinition().Mvid);
    }

    // An assembly is named after its package; ZstdSharp.Port and its like add a suffix.
    private static bool Belongs(string assembly, string package)
    {
        var name = Path.GetFileNameWithoutExtension(assembly);
        return package.Equals(name, StringComparison.OrdinalIgnoreCase)
            || package.StartsWith(name + ".", StringComparison.OrdinalIgnoreCase);
    }
}
