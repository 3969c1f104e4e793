namespace TalosTailscale.Core.Talos;

/// <summary>References of container images, as containerd names them.</summary>
internal static class ImageReference
{
    private const string Separator = "@sha256:";

    /// <summary>The digest that a reference is pinned to, 64 hexadecimal digits; null for a tag, which moves.</summary>
    internal static string? Digest(string reference)
    {
        int at = reference.IndexOf(Separator, StringComparison.Ordinal);
        string digest = at < 0 ? "" : reference[(at + Separator.Length)..].Trim();
        return digest.Length == 64 && digest.All(char.IsAsciiHexDigitLower) ? digest : null;
    }

    /// <summary>
    /// The full form that a node lists: registry and tag filled in (<c>nginx</c> is <c>docker.io/library/nginx:latest</c>).
    /// </summary>
    internal static string Normalize(string reference)
    {
        string text = reference.Trim();
        int slash = text.IndexOf('/');
        string first = slash < 0 ? "" : text[..slash];
        bool hasRegistry = first.Contains('.') || first.Contains(':') || first == "localhost";
        if (!hasRegistry)
            text = "docker.io/" + (slash < 0 ? "library/" + text : text);
        bool hasTag = text.LastIndexOf(':') > text.LastIndexOf('/');
        return hasTag || text.Contains('@') ? text : text + ":latest";
    }
}
