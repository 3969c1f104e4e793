namespace TalosTailscale;

/// <summary>Something that was verified after a swap.</summary>
/// <param name="Name">What was looked at.</param>
/// <param name="Passed">True when it is as it should be; null when it could not be found out.</param>
/// <param name="Evidence">What was found.</param>
public sealed record UkiSwapCheck(string Name, bool? Passed, string Evidence)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Evidence}";
}
