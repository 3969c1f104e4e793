using System.Globalization;

namespace TalosTailscale.Core.Rollout;

/// <summary>How many nodes at once: a number, or a share of them.</summary>
/// <param name="Value">The number, or the percentage.</param>
/// <param name="IsPercent">Which of both.</param>
public readonly record struct RolloutWidth(int Value, bool IsPercent)
{
    /// <summary>Reads <c>5</c> or <c>10%</c>.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The width.</returns>
    /// <exception cref="TsException"><c>RolloutOptionInvalid</c>.</exception>
    public static RolloutWidth Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        bool percent = text.EndsWith('%');
        return
            int.TryParse(percent ? text[..^1] : text, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            && value >= 1
            && value <= (percent ? 100 : 1000)
            ? new RolloutWidth(value, percent)
            : throw RolloutErrors.RolloutOptionInvalid.New(
                $"'{text}' is no limit; expected a number of nodes (1 to 1000) or a percentage (1% to 100%).",
                text
            );
    }

    /// <summary>The number of nodes that this is of so many: rounded down, but at least one.</summary>
    /// <param name="count">How many there are.</param>
    /// <returns>At least 1.</returns>
    public int Of(int count) =>
        Math.Max(1, IsPercent ? (int)((long)count * Value / 100) : Math.Min(Value, Math.Max(1, count)));

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Value}{(IsPercent ? "%" : "")}");
}
