namespace TalosTailscale;

/// <summary>What is known about the Authenticode signature of a UKI.</summary>
public enum UkiSignatureStatus
{
    /// <summary>There is none.</summary>
    NotSigned,

    /// <summary>There is one; nobody looked whether it holds.</summary>
    NotChecked,

    /// <summary>The digest is that of the file and the signature is that of the signer. Says nothing about trust.</summary>
    Valid,

    /// <summary>The file is not the one that was signed.</summary>
    DigestMismatch,

    /// <summary>The signature cannot be read, or was not made by the certificate it comes with.</summary>
    Invalid,
}
