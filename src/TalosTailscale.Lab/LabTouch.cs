namespace TalosTailscale.Lab;

/// <summary>How somebody changed a node through one of its APIs.</summary>
public enum LabTouch
{
    /// <summary>A machine configuration was applied.</summary>
    Config,

    /// <summary>What the node boots next was written: by an upgrade, a rollback, or an exchange on its EFI system partition.</summary>
    Image,

    /// <summary>A restart was asked for, or comes with what was asked for.</summary>
    Restart,
}
