namespace TalosTailscale;

/// <summary>Something about an EFI system partition that its owner should know.</summary>
/// <param name="Code">What kind it is, stable for scripts (<c>DuplicateEntries</c>, <c>StaleVariable</c>, <c>SharedClusters</c>).</param>
/// <param name="Evidence">What was found.</param>
/// <param name="Advice">What to do about it.</param>
public sealed record EspFinding(string Code, string Evidence, string Advice)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Code}: {Evidence}";
}
