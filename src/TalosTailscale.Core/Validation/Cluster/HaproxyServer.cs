using System.Globalization;
using System.Text.RegularExpressions;

namespace TalosTailscale.Core.Validation;

/// <summary>A server line of an HAProxy configuration (HAProxy configuration manual, section 5.2).</summary>
/// <param name="File">The file.</param>
/// <param name="Line">The number of the line, from 1.</param>
/// <param name="Backend">The backend that it belongs to.</param>
/// <param name="Name">The server's name.</param>
/// <param name="Address">Address without the port.</param>
/// <param name="Port">The port; 0 without one.</param>
internal sealed partial record HaproxyServer(
    string File,
    int Line,
    string Backend,
    string Name,
    string Address,
    int Port
)
{
    private const int MaximumBytes = 4 << 20;

    /// <summary>The port of the Kubernetes API.</summary>
    public const int KubernetesPort = 6443;

    /// <summary>The configurations in a folder and below.</summary>
    public static IReadOnlyList<string> Find(string folder) =>
        [
            .. Directory
                .EnumerateFiles(
                    folder,
                    "haproxy*.cfg",
                    new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 6 }
                )
                .Where(file => new FileInfo(file).Length <= MaximumBytes)
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>The servers of a configuration, in their order; those that are disabled are left out.</summary>
    public static IReadOnlyList<HaproxyServer> Read(string file, IEnumerable<string> lines)
    {
        var servers = new List<HaproxyServer>();
        var (section, number) = ("", 0);
        foreach (var line in lines)
        {
            number++;
            // A '#' in quotes is none; names and addresses never have one.
            var words = line.Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words is ["backend" or "listen", var name, ..])
                section = name;
            else if (words is ["frontend" or "defaults" or "global" or "resolvers" or "peers", ..])
                section = "";
            else if (
                words is ["server", var server, var target, .. var rest]
                && section.Length > 0
                && !rest.Contains("disabled")
                && Target().Match(target) is { Success: true } match
            )
                servers.Add(
                    new HaproxyServer(
                        file,
                        number,
                        section,
                        server,
                        match.Groups["host"].Value.Trim('[', ']'),
                        match.Groups["port"] is { Success: true } port
                            ? int.Parse(port.Value, CultureInfo.InvariantCulture)
                            : 0
                    )
                );
        }

        return servers;
    }

    [GeneratedRegex(
        @"^(ipv4@|ipv6@)?(?<host>\[[0-9A-Fa-f:.]+\]|[^:\s]+|[0-9A-Fa-f:.]*::[0-9A-Fa-f:.]*)(:(?<port>[0-9]{1,5}))?$"
    )]
    private static partial Regex Target();
}
