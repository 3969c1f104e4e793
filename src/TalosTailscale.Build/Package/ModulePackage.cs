using System.IO.Compression;
using System.Management.Automation.Language;
using System.Text;

namespace TalosTailscale.Build.Package;

/// <summary>
/// Lays out the module as users install it and packs it for <c>Install-PSResource</c>. The same inputs give the same
/// bytes: files in ordinal order, one time for all, nothing of the machine.
/// </summary>
public static class ModulePackage
{
    // The beginning of what a ZIP can express; the packing of today must not differ from that of tomorrow.
    private static readonly DateTimeOffset s_time = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly string[] s_beside = ["TalosTailscale.psd1", "README.md", "CHANGELOG.md", "LICENSE"];

    /// <summary>Writes the module's folder and its package.</summary>
    /// <param name="root">The checkout, built.</param>
    /// <param name="bin">The folder with the assemblies.</param>
    /// <param name="output">The folder to write to: <c>TalosTailscale/VERSION</c> and <c>TalosTailscale.VERSION.nupkg</c>.</param>
    /// <returns>The folder and the package.</returns>
    public static (string Folder, string Package) Write(string root, string bin, string output)
    {
        var manifest = ModuleManifest.Read(Path.Combine(root, "TalosTailscale.psd1"));
        var packages = LockFile.RuntimePackages(root);
        var folder = Path.Combine(output, manifest.Name, manifest.Version);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        var release = ReleaseData.Of(root, manifest.Version);
        foreach (var name in s_beside)
            Copy(Path.Combine(root, name), Path.Combine(folder, name));
        var shipped = Path.Combine(folder, "TalosTailscale.psd1");
        Write(shipped, release.In(File.ReadAllText(shipped)));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(root, "module")))
            Copy(file, Path.Combine(folder, "module", Path.GetFileName(file)));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(root, "en-US")))
            Copy(file, Path.Combine(folder, "en-US", Path.GetFileName(file)));
        foreach (var file in Assemblies(bin))
            Copy(file, Path.Combine(folder, "module", "bin", Path.GetFileName(file)));
        foreach (var system in Directory.EnumerateDirectories(bin))
        foreach (var file in Directory.EnumerateFiles(system, "*.dll"))
            Copy(file, Path.Combine(folder, "module", "bin", Path.GetFileName(system), Path.GetFileName(file)));
        Write(Path.Combine(folder, "THIRD-PARTY-NOTICES.txt"), Notices.Of(packages));
        Write(Path.Combine(folder, "sbom.cdx.json"), Sbom.Of(manifest, packages));
        PackageContents.Check(folder, packages);
        var package = Path.Combine(output, $"{manifest.Name}.{manifest.Version}.nupkg");
        Pack(folder, manifest, release, package);
        return (folder, package);
    }

    // The engine brings its own assembly; .deps.json and .xml are for applications and compilers.
    private static IEnumerable<string> Assemblies(string bin) =>
        Directory
            .EnumerateFiles(bin)
            .Where(file =>
                Path.GetExtension(file) == ".dll"
                || (
                    Path.GetExtension(file) == ".pdb"
                    && Path.GetFileName(file).StartsWith("TalosTailscale", StringComparison.Ordinal)
                )
            )
            .Where(file =>
                Path.GetFileName(file) is not ("System.Management.Automation.dll" or "PowerShellStandard.Library.dll")
            );

    private static void Pack(string folder, ModuleManifest manifest, ReleaseData release, string package)
    {
        File.Delete(package);
        using var zip = new ZipArchive(File.Create(package), ZipArchiveMode.Create);
        Add(zip, "[Content_Types].xml", Encoding.UTF8.GetBytes(NuGetParts.ContentTypes(folder)));
        Add(zip, "_rels/.rels", Encoding.UTF8.GetBytes(NuGetParts.Relationships(manifest)));
        Add(zip, $"{manifest.Name}.nuspec", Encoding.UTF8.GetBytes(NuGetParts.Nuspec(manifest, release)));
        foreach (
            var path in Directory
                .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/'))
                .Order(StringComparer.Ordinal)
        )
            Add(zip, path, File.ReadAllBytes(Path.Combine(folder, path)));
    }

    private static void Add(ZipArchive zip, string path, byte[] content)
    {
        var entry = zip.CreateEntry(path, CompressionLevel.Optimal);
        entry.LastWriteTime = s_time;
        entry.ExternalAttributes = 0;
        using var stream = entry.Open();
        stream.Write(content);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to);
    }

    private static void Write(string path, string text) => File.WriteAllText(path, text.ReplaceLineEndings("\n"));
}

/// <summary>What a package needs to know of the manifest.</summary>
public sealed record ModuleManifest(
    string Name,
    string Version,
    string Author,
    string Copyright,
    string Description,
    IReadOnlyList<string> Tags,
    IReadOnlyList<string> Cmdlets
)
{
    /// <summary>Reads a manifest as data: nothing in it is run.</summary>
    /// <param name="path">The <c>.psd1</c>.</param>
    public static ModuleManifest Read(string path)
    {
        var script = Parser.ParseFile(path, out _, out var errors);
        if (errors.Length > 0)
            throw new FormatException($"'{path}': {errors[0].Message}");
        var table = (System.Collections.Hashtable)
            ((HashtableAst)script.Find(ast => ast is HashtableAst, searchNestedScriptBlocks: false)).SafeGetValue();
        var data = (System.Collections.Hashtable)((System.Collections.Hashtable)table["PrivateData"]!)["PSData"]!;
        var suffix = data["Prerelease"] is string { Length: > 0 } label ? "-" + label : "";
        return new ModuleManifest(
            Path.GetFileNameWithoutExtension(path),
            table["ModuleVersion"] + suffix,
            (string)table["Author"]!,
            (string)table["Copyright"]!,
            (string)table["Description"]!,
            Texts(data["Tags"]),
            Texts(table["CmdletsToExport"])
        );

        static string[] Texts(object? value) => [.. ((object[])value!).Cast<string>()];
    }
}
