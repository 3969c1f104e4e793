using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace TalosTailscale.Core.MachineConfig.Schema;

/// <summary>
/// What the decoder of Talos takes for a single value (siderolabs/talos pkg/machinery/nethelpers and config/types): the
/// part of a type after its dot in <c>talos-schema.txt</c>.
/// </summary>
internal sealed partial class ValueFormat
{
    private readonly Func<string, bool> _takes;

    private ValueFormat(string description, Func<string, bool> takes)
    {
        Description = description;
        _takes = takes;
    }

    /// <summary>What to call it in a message.</summary>
    public string Description { get; }

    /// <summary>A value that is not taken, for a message; base64 is mostly a key.</summary>
    public string Describe(string text) => ReferenceEquals(this, s_formats["base64"]) ? "other text" : $"'{text}'";

    /// <summary>The text of a value is one that Talos decodes.</summary>
    public bool Takes(string text) => _takes(text);

    /// <summary>The format of a name in the schema.</summary>
    public static ValueFormat Parse(string name) =>
        name.StartsWith("in=", StringComparison.Ordinal) ? Words(name[3..].Split(','))
        : s_formats.TryGetValue(name, out ValueFormat? found) ? found
        : throw new InvalidOperationException($"The schema names the format '{name}', which is not known.");

    private static readonly Dictionary<string, ValueFormat> s_formats = new(StringComparer.Ordinal)
    {
        ["u8"] = Whole(0, byte.MaxValue),
        ["u16"] = Whole(0, ushort.MaxValue),
        ["u32"] = Whole(0, uint.MaxValue),
        ["u64"] = Whole(0, ulong.MaxValue),
        ["i32"] = Whole(int.MinValue, int.MaxValue),
        ["i64"] = Whole(long.MinValue, long.MaxValue),
        ["addr"] = new("an IP address without mask or port", IsAddress),
        ["cidr"] = new("a subnet with its mask, such as 192.168.1.0/24", IsSubnet),
        ["addrport"] = new("an IP address with a port", IsAddressWithPort),
        ["url"] = new("a URL", IsUrl),
        ["mac"] = new("pairs of hexadecimal digits", text => HardwareAddress().IsMatch(text)),
        ["base64"] = new("base64", IsBase64),
        ["bytesize"] = new("a size such as 10GiB", text => ByteSize().IsMatch(text)),
        ["size"] = new("a size such as 10GiB, or at most 100%", text => ByteSize().IsMatch(text) || IsPercentage(text)),
        ["ports"] = new("a port, or two with '-' between", IsPorts),
        ["table"] = new("a number up to 255, or main, local, default or unspec", IsTable),
        ["cel"] = new("an expression", _ => true),
    };

    private static ValueFormat Words(string[] words) =>
        new(
            words.Length == 1
                ? $"'{words[0]}'"
                : $"{string.Join(", ", words[..^1].Select(word => $"'{word}'"))} or '{words[^1]}'",
            text => words.Contains(text, StringComparer.OrdinalIgnoreCase)
        );

    private static ValueFormat Whole(Int128 least, Int128 most) =>
        new($"a whole number from {least} to {most} without quotes", text =>
            Yaml.YamlScalar.TryInteger(text, out Int128 number) && number >= least && number <= most
        );

    // IPAddress.TryParse takes more (a number, missing and octal parts): written back in full it must be the same.
    private static bool IsAddress(string text)
    {
        int zone = text.IndexOf('%', StringComparison.Ordinal);
        string plain = zone < 0 ? text : text[..zone];
        if (plain.Contains(':', StringComparison.Ordinal))
            return !plain.Contains('[', StringComparison.Ordinal) && IPAddress.TryParse(plain, out _);
        return zone < 0
            && plain.Count(c => c == '.') == 3
            && IPAddress.TryParse(plain, out IPAddress? address)
            && address.ToString() == plain;
    }

    private static bool IsSubnet(string text)
    {
        int slash = text.LastIndexOf('/');
        if (slash < 0 || !IsAddress(text[..slash]) || text.Contains('%', StringComparison.Ordinal))
            return false;
        string bits = text[(slash + 1)..];
        int most = text.Contains(':', StringComparison.Ordinal) ? 128 : 32;
        return bits.Length > 0
            && (bits.Length == 1 || bits[0] != '0')
            && int.TryParse(bits, NumberStyles.None, CultureInfo.InvariantCulture, out int length)
            && length <= most;
    }

    private static bool IsAddressWithPort(string text)
    {
        int colon = text.LastIndexOf(':');
        if (colon < 0 || !IsPort(text[(colon + 1)..]))
            return false;
        string address = text[..colon];
        bool bracketed = address is ['[', .., ']'];
        return IsAddress(bracketed ? address[1..^1] : address)
            && address.Contains(':', StringComparison.Ordinal) == bracketed;
    }

    private static bool IsPort(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static bool IsPorts(string text) => text.Split('-') is { Length: <= 2 } ports && ports.All(IsPort);

    private static bool IsTable(string text) =>
        text.ToLowerInvariant() is "unspec" or "default" or "main" or "local"
        || byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static bool IsPercentage(string text) =>
        text is [.., '%']
        && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double share)
        && share <= 100;

    private static bool IsBase64(string text)
    {
        string plain = text.Replace("\n", string.Empty, StringComparison.Ordinal)
            .Replace("\r", string.Empty, StringComparison.Ordinal);
        return !plain.Contains(' ', StringComparison.Ordinal) && System.Buffers.Text.Base64.IsValid(plain);
    }

    // What net/url of Go refuses; nearly any text is a relative URL to it.
    private static bool IsUrl(string text)
    {
        if (text.Any(char.IsControl) || BadEscape().IsMatch(text))
            return false;
        Match parts = UrlParts().Match(text);
        if (!parts.Success)
            return text.Length == 0 || (text[0] != ':' && !FirstSegmentWithColon().IsMatch(text));
        string authority = parts.Groups["authority"].Value;
        string host = authority[(authority.LastIndexOf('@') + 1)..];
        return !host.Contains(' ', StringComparison.Ordinal) && Port().IsMatch(host);
    }

    [GeneratedRegex("^(?:[0-9A-Fa-f]{2}(?::?[0-9A-Fa-f]{2})*)?$")]
    private static partial Regex HardwareAddress();

    [GeneratedRegex(@"^[-+]?(\d+(\.\d*)?|\.\d+) ?([kmgtpe]?i?b?)$", RegexOptions.IgnoreCase)]
    private static partial Regex ByteSize();

    [GeneratedRegex("%(?![0-9A-Fa-f]{2})")]
    private static partial Regex BadEscape();

    [GeneratedRegex("^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//(?<authority>[^/?#]*)")]
    private static partial Regex UrlParts();

    [GeneratedRegex("^(?![A-Za-z][A-Za-z0-9+.-]*:)[^/?#]*:")]
    private static partial Regex FirstSegmentWithColon();

    [GeneratedRegex(@"^(?:\[[^\]]*\]|[^:\[\]]*)(?::\d*)?$")]
    private static partial Regex Port();
}
