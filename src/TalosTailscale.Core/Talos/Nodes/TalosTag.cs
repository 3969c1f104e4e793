using System.Buffers;

namespace TalosTailscale.Core.Talos;

/// <summary>Talos versions as they are written in tags.</summary>
public static class TalosTag
{
    private static readonly SearchValues<char> s_numberCharacters = SearchValues.Create("0123456789.");

    /// <summary>The number of a tag: <c>v1.14.0-rc.1</c> is 1.14.0.</summary>
    /// <param name="tag">The tag; with or without its v.</param>
    /// <returns>The number; 0.0 for what is not a version.</returns>
    public static System.Version Parse(string? tag)
    {
        string text = (tag ?? "").Trim().TrimStart('v', 'V');
        int end = text.AsSpan().IndexOfAnyExcept(s_numberCharacters);
        return System.Version.TryParse(end < 0 ? text : text[..end], out System.Version? version)
            ? version
            : new System.Version(0, 0);
    }
}
