namespace TalosTailscale;

/// <summary>How the tailscale extension gets into a node's boot image.</summary>
public enum TsActivation
{
    /// <summary>Chosen by what the node is: swap on UKI-booted arm64, upgrade elsewhere.</summary>
    Auto,

    /// <summary>The runbook's method A: exchange the unified kernel image on the EFI system partition.</summary>
    UkiSwap,

    /// <summary>The runbook's method B: upgrade with the factory installer.</summary>
    Upgrade,
}
