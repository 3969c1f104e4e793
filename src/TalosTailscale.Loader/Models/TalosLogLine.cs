namespace TalosTailscale;

/// <summary>One line of a service's log.</summary>
/// <param name="Node">The node.</param>
/// <param name="Service">The service (<c>ext-tailscale</c>).</param>
/// <param name="Line">The text, without its line end.</param>
public sealed record TalosLogLine(string Node, string Service, string Line)
{
    /// <inheritdoc/>
    public override string ToString() => Line;
}
