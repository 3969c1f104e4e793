namespace TalosTailscale;

/// <summary>What happens to lists that a patch adds to.</summary>
public enum ListMerge
{
    /// <summary>
    /// Entries that are already there are not added again; <c>environment</c> of an ExtensionServiceConfig is keyed by
    /// variable name and <c>machine.install.extensions</c> by image. A patch applied twice changes nothing the second time.
    /// </summary>
    Union,

    /// <summary>As Talos itself: every entry is appended, duplicates too.</summary>
    Append,
}
