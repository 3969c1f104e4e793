namespace TalosTailscale;

/// <summary>A file of <c>\EFI\Linux</c> that does not become a menu entry.</summary>
/// <param name="FileName">Its name.</param>
/// <param name="Reason">Why systemd-boot passes over it.</param>
public sealed record BootHiddenFile(string FileName, BootHiddenReason Reason)
{
    /// <inheritdoc/>
    public override string ToString() => FileName;
}
