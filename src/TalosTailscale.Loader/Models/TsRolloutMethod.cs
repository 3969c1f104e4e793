namespace TalosTailscale;

/// <summary>How a node gets another boot image in a rollout.</summary>
public enum TsRolloutMethod
{
    /// <summary>Not at all: it runs the image already.</summary>
    None,

    /// <summary>The unified kernel image on the EFI system partition is exchanged.</summary>
    UkiSwap,

    /// <summary>The image that a failed upgrade left on the partition gets the name that boots.</summary>
    Promote,

    /// <summary>Talos upgrades itself with the factory's installer.</summary>
    Upgrade,

    /// <summary>Back: the swap's backup gets the name that boots.</summary>
    Restore,

    /// <summary>Back: Talos boots what it ran before the upgrade.</summary>
    Rollback,
}
