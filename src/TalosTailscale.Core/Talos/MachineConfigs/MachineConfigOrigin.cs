using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TalosTailscale.Core.Talos;

/// <summary>
/// Of which machine a backup is, and when it was made. It is the first line of the file, a comment, so that it goes along
/// wherever the file is copied and whatever it is called then.
/// </summary>
public sealed record MachineConfigOrigin
{
    private const string Stamp = "yyyyMMdd'T'HHmmss'Z'";
    private const string Mark = "# TalosTailscale backup: ";

    // Names and ids are short; a line that is longer was not written by this module.
    private const int LongestLine = 4096;

    /// <summary>What the node was called.</summary>
    public required string Node { get; init; }

    /// <summary>The machine's identity; null where it was not known, or the file is older than this line.</summary>
    public string? NodeId { get; init; }

    /// <summary>Its address.</summary>
    public string? Address { get; init; }

    /// <summary>When the configuration was read.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>Whether it was kept before going back to a backup, rather than before a patch.</summary>
    public bool BeforeRestore { get; init; }

    /// <summary>The line, with its end.</summary>
    internal string Line => Mark + JsonSerializer.Serialize(this, OriginJson.Default.MachineConfigOrigin) + "\n";

    /// <summary>Takes the line off a backup.</summary>
    /// <param name="text">The whole file.</param>
    /// <param name="fileName">Its name, which tells node and time of a file without the line.</param>
    /// <returns>The configuration, to the letter, and its origin; null where neither line nor name tells one.</returns>
    internal static (string Config, MachineConfigOrigin? Origin) Split(string text, string fileName)
    {
        if (!text.StartsWith(Mark, StringComparison.Ordinal))
            return (text, OfName(fileName));
        int end = text.IndexOf('\n', StringComparison.Ordinal);
        end = end < 0 ? text.Length : end + 1;
        return (text[end..], OfLine(text[..Math.Min(end, LongestLine)]));
    }

    /// <summary>The origin of a file, by its first line alone, else by its name; null where neither tells one.</summary>
    internal static MachineConfigOrigin? Read(string path)
    {
        using StreamReader reader = File.OpenText(path);
        var start = new char[LongestLine];
        int length = reader.ReadBlock(start);
        return Split(new string(start, 0, length), Path.GetFileName(path)).Origin;
    }

    /// <summary>The name of the file without its suffix: node and time.</summary>
    internal static string FileStem(string node, DateTimeOffset time) =>
        SafeName(node) + "-" + time.UtcDateTime.ToString(Stamp, CultureInfo.InvariantCulture);

    /// <summary>Whether the node had one of these names, or addresses, when the backup was made.</summary>
    /// <param name="names">Names and addresses; those that are null are none.</param>
    /// <returns>True when one is the same.</returns>
    public bool IsNamed(IEnumerable<string?> names) =>
        (names ?? []).Any(name => name is not null && (name == Node || name == Address || SafeName(name) == Node));

    private static string SafeName(string node) =>
        string.Concat(node.Select(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_'));

    private static MachineConfigOrigin? OfLine(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line.AsSpan(Mark.Length), OriginJson.Default.MachineConfigOrigin);
        }
        catch (JsonException)
        {
            return null; // somebody wrote in it: of which machine the file is, is not known then
        }
    }

    // NODE-20261129T120000Z.machineconfig.bak.yaml, or with a number after the time.
    private static MachineConfigOrigin? OfName(string name)
    {
        if (!name.EndsWith(MachineConfigBackup.Suffix, StringComparison.Ordinal))
            return null;
        string stem = name[..^MachineConfigBackup.Suffix.Length];
        for (int dash = stem.LastIndexOf('-'); dash > 0; dash = stem.LastIndexOf('-', dash - 1))
        {
            if (
                DateTimeOffset.TryParseExact(
                    stem[(dash + 1)..].Split('-')[0],
                    Stamp,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out DateTimeOffset time
                )
            )
                return new MachineConfigOrigin { Node = stem[..dash], Time = time };
        }

        return null;
    }
}

/// <summary>How the line is written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault
)]
[JsonSerializable(typeof(MachineConfigOrigin))]
internal sealed partial class OriginJson : JsonSerializerContext;
