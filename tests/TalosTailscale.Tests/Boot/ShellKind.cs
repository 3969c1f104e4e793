namespace TalosTailscale.Tests.Boot;

/// <summary>Which shell runs the node program.</summary>
public enum ShellKind
{
    Dash,
    BusyboxAsh,
}
