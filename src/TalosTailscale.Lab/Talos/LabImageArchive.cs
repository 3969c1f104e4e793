using System.Formats.Tar;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TalosTailscale.Lab.Talos;

/// <summary>An image archive as <c>docker save</c> writes it (docker image spec v1.2) or as an OCI layout in a tar.</summary>
internal static class LabImageArchive
{
    /// <summary>The name of the image; null where there is none.</summary>
    internal static string? NameOf(Stream archive)
    {
        try
        {
            using var reader = new TarReader(archive, leaveOpen: true);
            while (reader.GetNextEntry() is { } entry)
            {
                if (entry.DataStream is not { } data || entry.Name is not ("manifest.json" or "index.json"))
                    continue;
                var json = JsonNode.Parse(data);
                var name =
                    entry.Name == "manifest.json"
                        ? json?[0]?["RepoTags"]?[0]
                        : json?["manifests"]?[0]?["annotations"]?["io.containerd.image.name"];
                if (name is not null)
                    return name.GetValue<string>();
            }
        }
        catch (Exception e)
            when (e
                    is IOException
                        or InvalidDataException
                        or FormatException
                        or InvalidOperationException
                        or JsonException
                        or ArgumentException
            )
        {
            // No archive at all, or not one of an image.
            return null;
        }

        return null;
    }
}
