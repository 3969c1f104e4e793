namespace TalosTailscale.Lab.Factory;

/// <summary>A request that the lab's factory has had.</summary>
/// <param name="Method">GET, HEAD, POST.</param>
/// <param name="Path">The path.</param>
/// <param name="Range">The <c>Range</c> header; null when there was none.</param>
/// <param name="IfRange">The <c>If-Range</c> header; null when there was none.</param>
public sealed record LabFactoryRequest(string Method, string Path, string? Range, string? IfRange)
{
    /// <summary>The <c>Accept-Encoding</c> header; null when there was none.</summary>
    public string? AcceptEncoding { get; init; }
}
