namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// One holding of a lease. What was made under it is left over once somebody else holds the lease, on whatever machine
/// its maker was: he has lost the right to it, and may have died without a word.
/// </summary>
/// <param name="Lease">Namespace and name of the lease.</param>
/// <param name="Holder">Who holds it.</param>
public sealed record LeaseTenure(string Lease, string Holder)
{
    /// <summary>True if what carries this text was made under an earlier holding of the same lease.</summary>
    internal bool Follows(string? text) =>
        text is not null && text != ToString() && text.StartsWith(Lease + ' ', StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => $"{Lease} {Holder}";
}
