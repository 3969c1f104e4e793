namespace TalosTailscale;

/// <summary>Something in a machine configuration that works against the tailnet, with its remedy.</summary>
/// <param name="Code">A name that stays the same between versions (<c>TailnetDnsNotFirst</c>).</param>
/// <param name="Message">What was found.</param>
/// <param name="Fix">What to do.</param>
public sealed record MachineConfigWarning(string Code, string Message, string Fix)
{
    /// <summary>Message and fix.</summary>
    /// <returns>Two sentences.</returns>
    public override string ToString() => $"{Message} {Fix}";
}
