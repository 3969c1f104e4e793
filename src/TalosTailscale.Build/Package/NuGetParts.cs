using System.Xml.Linq;

namespace TalosTailscale.Build.Package;

/// <summary>The parts that make a ZIP a NuGet package.</summary>
internal static class NuGetParts
{
    public static string Nuspec(ModuleManifest manifest, ReleaseData release)
    {
        XNamespace ns = "http://schemas.microsoft.com/packaging/2011/08/nuspec.xsd";
        // The tags by which PSResourceGet finds modules and the cmdlets in them.
        var tags = manifest
            .Tags.Append("PSModule")
            .Append("PSIncludes_Cmdlet")
            .Concat(manifest.Cmdlets.Select(name => "PSCmdlet_" + name))
            .Concat(manifest.Cmdlets.Select(name => "PSCommand_" + name));
        return new XDocument(
            new XDeclaration("1.0", "utf-8", null),
            new XElement(
                ns + "package",
                new XElement(
                    ns + "metadata",
                    new XElement(ns + "id", manifest.Name),
                    new XElement(ns + "version", manifest.Version),
                    new XElement(ns + "authors", manifest.Author),
                    new XElement(ns + "requireLicenseAcceptance", "false"),
                    new XElement(ns + "license", new XAttribute("type", "file"), "LICENSE"),
                    release.Address is { } address
                        ? new XElement(ns + "projectUrl", address.Project.AbsoluteUri)
                        : null,
                    new XElement(ns + "description", manifest.Description),
                    new XElement(ns + "releaseNotes", release.Notes),
                    new XElement(ns + "copyright", manifest.Copyright),
                    new XElement(ns + "tags", string.Join(' ', tags))
                )
            )
        ).ToText();
    }

    public static string Relationships(ModuleManifest manifest)
    {
        XNamespace ns = "http://schemas.openxmlformats.org/package/2006/relationships";
        return new XDocument(
            new XDeclaration("1.0", "utf-8", null),
            new XElement(
                ns + "Relationships",
                new XElement(
                    ns + "Relationship",
                    new XAttribute("Type", "http://schemas.microsoft.com/packaging/2010/07/manifest"),
                    new XAttribute("Target", $"/{manifest.Name}.nuspec"),
                    new XAttribute("Id", "manifest")
                )
            )
        ).ToText();
    }

    public static string ContentTypes(string folder)
    {
        XNamespace ns = "http://schemas.openxmlformats.org/package/2006/content-types";
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToArray();
        var extensions = files
            .Select(file => Path.GetExtension(file).TrimStart('.'))
            .Where(extension => extension.Length > 0)
            .Append("nuspec")
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Order(StringComparer.Ordinal);
        var plain = files
            .Where(file => Path.GetExtension(file).Length == 0)
            .Select(file => "/" + Path.GetRelativePath(folder, file).Replace('\\', '/'));
        return new XDocument(
            new XDeclaration("1.0", "utf-8", null),
            new XElement(
                ns + "Types",
                new XElement(
                    ns + "Default",
                    new XAttribute("Extension", "rels"),
                    new XAttribute("ContentType", "application/vnd.openxmlformats-package.relationships+xml")
                ),
                extensions.Select(extension => new XElement(
                    ns + "Default",
                    new XAttribute("Extension", extension),
                    new XAttribute("ContentType", "application/octet")
                )),
                plain
                    .Order(StringComparer.Ordinal)
                    .Select(path => new XElement(
                        ns + "Override",
                        new XAttribute("PartName", path),
                        new XAttribute("ContentType", "application/octet")
                    ))
            )
        ).ToText();
    }

    private static string ToText(this XDocument document) =>
        $"{document.Declaration}\n{document}\n".ReplaceLineEndings("\n");
}
