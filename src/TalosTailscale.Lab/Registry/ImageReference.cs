namespace TalosTailscale.Lab.Registry;

/// <summary>The parts of <c>host/repository:tag</c> or <c>host/repository@digest</c>.</summary>
internal sealed record ImageReference(string Host, string Repository, string Tag)
{
    public static ImageReference Parse(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var (host, rest) = slash < 0 ? ("docker.io", "library/" + text) : (text[..slash], text[(slash + 1)..]);
        var at = rest.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
            return new(host, rest[..at].Split(':')[0], rest[(at + 1)..]);
        var colon = rest.LastIndexOf(':');
        return colon < 0 ? new(host, rest, "latest") : new(host, rest[..colon], rest[(colon + 1)..]);
    }
}
