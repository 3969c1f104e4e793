namespace TalosTailscale.Lab;

/// <summary>A fault, where it is, and what it needs to know.</summary>
/// <param name="Fault">The fault.</param>
/// <param name="Node">Name or address of the node; null for all nodes.</param>
/// <param name="Value">Its value, where the fault has one.</param>
public sealed record LabFaultSetting(LabFault Fault, string? Node = null, string? Value = null)
{
    /// <summary>Reads <c>name[@node][=value]</c>.</summary>
    /// <param name="text">For instance <c>expired-key</c>, <c>Renamed@ampone=other</c>.</param>
    /// <returns>The setting.</returns>
    /// <exception cref="FormatException">There is no fault of that name.</exception>
    public static LabFaultSetting Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (left, value) = Cut(text, '=');
        var (name, node) = Cut(left, '@');
        var fault = LabFault.Find(name)
            ?? throw new FormatException(
                $"There is no fault '{name}'; there are {string.Join(", ", LabFault.All.Select(f => f.Name))}."
            );
        return new(fault, node, value);
    }

    private static (string Left, string? Right) Cut(string text, char at)
    {
        var i = text.IndexOf(at, StringComparison.Ordinal);
        return i < 0 ? (text, null) : (text[..i], text[(i + 1)..]);
    }
}
