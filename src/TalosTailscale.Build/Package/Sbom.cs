using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TalosTailscale.Build.Package;

/// <summary>The bill of materials as CycloneDX 1.5, from the lock file; without a time, so that it does not change by itself.</summary>
internal static class Sbom
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Of(ModuleManifest manifest, IReadOnlyList<LockedPackage> packages)
    {
        var module = $"pkg:nuget/{manifest.Name}@{manifest.Version}";
        var identity = SHA256.HashData(
            Encoding.UTF8.GetBytes(module + string.Concat(packages.Select(p => p.Id + p.Version + p.ContentHash)))
        );
        return new JsonObject
            {
                ["bomFormat"] = "CycloneDX",
                ["specVersion"] = "1.5",
                ["serialNumber"] = $"urn:uuid:{new Guid(identity.AsSpan(0, 16))}",
                ["version"] = 1,
                ["metadata"] = new JsonObject
                {
                    ["component"] = new JsonObject
                    {
                        ["type"] = "library",
                        ["bom-ref"] = module,
                        ["name"] = manifest.Name,
                        ["version"] = manifest.Version,
                        ["licenses"] = new JsonArray(
                            new JsonObject { ["license"] = new JsonObject { ["id"] = "MIT" } }
                        ),
                    },
                },
                ["components"] = new JsonArray([.. packages.Select(Component)]),
                ["dependencies"] = new JsonArray([
                    Dependency(module, packages.Select(Reference)),
                    .. packages.Select(p =>
                        Dependency(
                            Reference(p),
                            packages
                                .Where(other => p.Dependencies.Contains(other.Id, StringComparer.OrdinalIgnoreCase))
                                .Select(Reference)
                        )
                    ),
                ]),
            }.ToJsonString(s_json) + "\n";
    }

    private static JsonNode Component(LockedPackage package)
    {
        var licence = Notices.LicenceOf(package);
        return new JsonObject
        {
            ["type"] = "library",
            ["bom-ref"] = Reference(package),
            ["name"] = package.Id,
            ["version"] = package.Version,
            ["purl"] = Reference(package),
            ["hashes"] = new JsonArray(
                new JsonObject
                {
                    ["alg"] = "SHA-512",
                    ["content"] = Convert.ToHexStringLower(Convert.FromBase64String(package.ContentHash)),
                }
            ),
            ["licenses"] =
                licence is null ? new JsonArray()
                : licence.StartsWith("http", StringComparison.Ordinal)
                    ? new JsonArray(
                        new JsonObject
                        {
                            ["license"] = new JsonObject { ["name"] = "see url", ["url"] = licence },
                        }
                    )
                : new JsonArray(new JsonObject { ["expression"] = licence }),
        };
    }

    private static JsonNode Dependency(string reference, IEnumerable<string> on) =>
        new JsonObject
        {
            ["ref"] = reference,
            ["dependsOn"] = new JsonArray([.. on.Select(other => (JsonNode)JsonValue.Create(other))]),
        };

    private static string Reference(LockedPackage package) => $"pkg:nuget/{package.Id}@{package.Version}";
}
