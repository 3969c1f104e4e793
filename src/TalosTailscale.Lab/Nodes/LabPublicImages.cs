using System.Security.Cryptography;
using System.Text;

namespace TalosTailscale.Lab.Nodes;

/// <summary>Small images of public registries that a node needs for a shell; the lab only knows that they exist.</summary>
internal static class LabPublicImages
{
    private static readonly string[] s_repositories =
    [
        "docker.io/library/alpine",
        "docker.io/library/busybox",
        "docker.io/library/debian",
    ];

    /// <summary>The image; null when it is none of these.</summary>
    internal static LabImage? Find(string reference) =>
        s_repositories.Any(r =>
            reference.StartsWith(r, StringComparison.Ordinal)
            && reference.Length > r.Length
            && reference[r.Length] is ':' or '@'
        )
            ? new LabImage(
                "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(reference))),
                3 << 20
            )
            : null;
}
