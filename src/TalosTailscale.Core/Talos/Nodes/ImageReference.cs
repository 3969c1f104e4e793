namespace TalosTailscale.Core.Talos;

/// <summary>References of container images, as containerd names them.</summary>
internal static class ImageReference
{
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
