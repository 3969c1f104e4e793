namespace TalosTailscale.Lab;

/// <summary>Where a node is in its life; numbers and names are those of Talos's <c>MachineStatusEvent</c>.</summary>
public enum LabStage
{
    /// <summary>Off, or in firmware.</summary>
    Unknown = 0,

    /// <summary>Booting: services are starting.</summary>
    Booting = 1,

    /// <summary>Installing.</summary>
    Installing = 2,

    /// <summary>Without a config.</summary>
    Maintenance = 3,

    /// <summary>Running.</summary>
    Running = 4,

    /// <summary>Going down for a reboot.</summary>
    Rebooting = 5,

    /// <summary>Going down.</summary>
    ShuttingDown = 6,

    /// <summary>Wiping itself.</summary>
    Resetting = 7,

    /// <summary>Upgrading.</summary>
    Upgrading = 8,
}
