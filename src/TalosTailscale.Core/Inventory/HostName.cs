using System.Text.RegularExpressions;

namespace TalosTailscale.Core.Inventory;

/// <summary>
/// Names of machines as a network gives them (RFC 1123, and the underscore that some DHCP servers send). They come from the
/// cluster and become folders and settings, so nothing else is taken for one.
/// </summary>
public static partial class HostName
{
    private const int MaximumLength = 253;

    // Windows takes these for devices, whatever their ending.
    private static readonly string[] s_devices = ["con", "prn", "aux", "nul"];

    /// <summary>Whether a text is a host name, with or without a domain.</summary>
    /// <param name="text">The text.</param>
    /// <returns>True if it is.</returns>
    public static bool IsValid(string? text) => text is { Length: <= MaximumLength } && Form().IsMatch(text);

    /// <summary>Whether a host name without a domain can be the name of a folder everywhere.</summary>
    /// <param name="text">The text.</param>
    /// <returns>True if it can.</returns>
    public static bool IsFolder(string? text) =>
        IsValid(text)
        && !text!.Contains('.', StringComparison.Ordinal)
        && !s_devices.Contains(text, StringComparer.OrdinalIgnoreCase)
        && !Numbered().IsMatch(text);

    [GeneratedRegex(
        @"\A[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\z",
        RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex Form();

    [GeneratedRegex(@"\A(com|lpt)[0-9]\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Numbered();
}
