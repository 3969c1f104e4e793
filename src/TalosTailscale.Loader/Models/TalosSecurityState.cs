namespace TalosTailscale;

/// <summary>How a node was booted, as far as security goes.</summary>
public sealed record TalosSecurityState
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>True if the firmware enforces Secure Boot.</summary>
    public bool SecureBoot { get; init; }

    /// <summary>True if booted from a unified kernel image; null before Talos 1.10, which does not tell.</summary>
    public bool? BootedWithUki { get; init; }

    /// <summary>SHA-256 of the PCR signing key's DER, upper-case hex pairs with ':'; empty after kexec or for unsigned images.</summary>
    public string PcrSigningKeyFingerprint { get; init; } = "";

    /// <summary>The state of SELinux.</summary>
    public string SelinuxState { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => SecureBoot ? "Secure Boot" : "no Secure Boot";
}
