namespace TalosTailscale;

/// <summary>Processor architecture of a node or an image, by the name that Talos and the Image Factory use.</summary>
public enum TalosArchitecture
{
    /// <summary>Not known.</summary>
    Unknown,

    /// <summary>x86-64 (PE machine 0x8664).</summary>
    Amd64,

    /// <summary>64-bit ARM (PE machine 0xAA64).</summary>
    Arm64,
}
