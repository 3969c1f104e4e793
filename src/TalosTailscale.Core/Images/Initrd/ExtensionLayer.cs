namespace TalosTailscale.Core.Images.Initrd;

/// <summary>A row of <c>extensions.yaml</c>.</summary>
internal sealed record ExtensionLayer(
    string Image,
    string Name,
    string? Version,
    string? Author,
    string? Description,
    string? ExtraInfo
);
