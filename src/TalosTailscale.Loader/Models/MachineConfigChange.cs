namespace TalosTailscale;

/// <summary>What happened to a document of a machine configuration.</summary>
public enum MachineConfigChange
{
    /// <summary>Every byte is as before.</summary>
    Unchanged,

    /// <summary>It was not there before.</summary>
    Added,

    /// <summary>Some of its text is new.</summary>
    Changed,

    /// <summary>It is not there any more.</summary>
    Removed,
}
