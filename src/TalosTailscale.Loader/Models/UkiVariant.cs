namespace TalosTailscale;

/// <summary>With or without SecureBoot signatures.</summary>
public enum UkiVariant
{
    /// <summary>Unsigned.</summary>
    Plain,

    /// <summary>Signed, or with a PCR signing key: a <c>-secureboot</c> artefact.</summary>
    SecureBoot,
}
