namespace TalosTailscale.Lab.Pki;

/// <summary>The kind of key of a lab certificate.</summary>
public enum LabKeyAlgorithm
{
    /// <summary>Ed25519, which Talos makes by default.</summary>
    Ed25519,

    /// <summary>ECDSA on P-256, where the user brought such a CA.</summary>
    EcdsaP256,

    /// <summary>RSA, where the user brought such a CA (2048 bits here, to be quick).</summary>
    Rsa,
}
